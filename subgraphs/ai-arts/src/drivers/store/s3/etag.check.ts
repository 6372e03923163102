import { createHash } from 'node:crypto';
import { StoreError } from '../store.js';

/** What a server answers to bytes it has got. */
export interface Receipt {
  ETag?: string | undefined;
  ServerSideEncryption?: string | undefined;
}

/** An entity tag that is the MD5 of the bytes; encryption with keys of a service has others. */
const MD5 = /^"?([0-9a-f]{32})"?$/;

/** @throws StoreError when the server says that it has other bytes than these */
export function checkETag({ ETag = '', ServerSideEncryption }: Receipt, bytes: Buffer): void {
  const [, kept] = MD5.exec(ETag) ?? [];
  if (kept === undefined || ServerSideEncryption?.startsWith('aws:kms')) return;
  if (createHash('md5').update(bytes).digest('hex') !== kept) throw new StoreError('FAILED', 'the S3 server kept other bytes than those that were sent');
}
