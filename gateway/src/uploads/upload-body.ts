import type { IncomingMessage } from 'node:http';
import { badInput, discardRest, endBodyDeadline, HutongError, receiveUpload, type Caller, type UploadLimits } from '@hutong/common';
import type { Request, RequestHandler } from 'express';
import type { GraphqlResponse } from '../http/graphql-request.js';
import { prefersEvents } from '../http/media-types.js';
import type { Identity } from '../identity/identity.js';
import { requestCredential } from '../identity/request-credential.js';

export interface UploadBodyOptions {
  identity: Identity;
  limits: UploadLimits;
  /** Largest part that is no file. */
  bodyBytes: number;
  /** Looks at the JSON of such a part before it is parsed. @throws LIMIT_EXCEEDED */
  checkJson: (json: Uint8Array) => void;
}

/** What is known of a request with files before its operation runs. */
export interface UploadRequest {
  caller: Caller;
  /** Resolves when the files have come, or will not come. */
  received: Promise<void>;
}

/** A form of another site can send none of these: what Apollo Server asks for too. */
const PREFLIGHT_HEADERS = ['apollo-require-preflight', 'x-apollo-operation-name'];

export const isMultipart = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean => method === 'POST' && /^multipart\/form-data\s*(?:;|$)/i.test(headers['content-type'] ?? '');

/** Undefined for a request without files. */
export const uploadOf = ({ locals }: GraphqlResponse): UploadRequest | undefined => locals.upload;

/**
 * Takes in a POST of multipart/form-data; leaves all others to the next handler. The caller is known before anything of the
 * body is read, and the operation is there before anything of a file is.
 */
export function uploadBody({ identity, limits, bodyBytes, checkJson }: UploadBodyOptions): RequestHandler {
  return async (request, response, next) => {
    if (!isMultipart(request)) return next();
    discardRest(request, response, limits.idleMs);
    checkHeaders(request);
    const caller = await identity.callerOf(requestCredential(request.headers), request.ip ?? '', response.locals.requestId as string).catch((error: unknown) => {
      if (error instanceof HutongError && error.status === 401) response.setHeader('www-authenticate', 'Bearer');
      throw error;
    });
    endBodyDeadline(request);
    const { operation, received } = await receiveUpload(request, response, { limits, fieldBytes: bodyBytes, checkJson });
    request.body = operation;
    response.locals.upload = { caller, received } satisfies UploadRequest;
    next();
  };
}

/** @throws BAD_INPUT */
function checkHeaders(request: Request): void {
  if (!PREFLIGHT_HEADERS.some((header) => request.headers[header])) {
    throw badInput({ problem: 'Content-Type: multipart/form-data is taken only with the header "apollo-require-preflight: true" (or x-apollo-operation-name), which no form of another site can send' });
  }
  if (request.headers['content-encoding']) throw badInput({ problem: 'Content-Encoding: multipart/form-data is taken uncompressed only' });
  if (prefersEvents(request)) {
    throw badInput({ problem: 'Accept: an operation with files is answered as application/json, not as a stream of events' });
  }
}
