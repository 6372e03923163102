import { BodyFailure } from '../arriving.body.js';
import { StoreError, type StoreFault } from '../store.js';
import { translating } from '../translated.js';

const FAULTS_BY_NAME: Partial<Record<string, StoreFault>> = {
  NoSuchKey: 'NOT_FOUND',
  NotFound: 'NOT_FOUND',
  NoSuchBucket: 'REFUSED',
  CredentialsProviderError: 'REFUSED',
  InvalidRange: 'RANGE',
  QuotaExceeded: 'FULL',
  QuotaExceededException: 'FULL',
  XMinioStorageFull: 'FULL',
  XMinioAdminBucketQuotaExceeded: 'FULL',
};
const FAULTS_BY_STATUS: Partial<Record<number, StoreFault>> = {
  301: 'REFUSED',
  307: 'REFUSED',
  401: 'REFUSED',
  403: 'REFUSED',
  404: 'NOT_FOUND',
  416: 'RANGE',
  429: 'UNREACHABLE',
  502: 'UNREACHABLE',
  503: 'UNREACHABLE',
  504: 'UNREACHABLE',
  507: 'FULL',
};
const SHOWN = 200;

interface SdkError extends Error {
  code?: unknown;
  $metadata?: { httpStatusCode?: number };
}

/** A failure of the SDK in words that name no address; a programming error is as it was. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof BodyFailure) return error.cause;
  if (error instanceof StoreError || error instanceof TypeError || error instanceof RangeError) return error;
  const { name, message, code, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  // Whoever never answered has no status; what it says of itself has addresses in it.
  if (status === undefined && name !== 'CredentialsProviderError') {
    return new StoreError('UNREACHABLE', `the S3 server gives no answer (${typeof code === 'string' ? code : name})`, { cause: error });
  }
  const fault = FAULTS_BY_NAME[name] ?? (status === undefined ? undefined : FAULTS_BY_STATUS[status]) ?? 'FAILED';
  return new StoreError(fault, `the S3 server: ${name}: ${message}`.slice(0, SHOWN), { cause: error });
}

export const translated = translating(asStoreError);
