import { badInput, limitExceeded } from '../errors/common.errors.js';
import { HutongError } from '../errors/define-error.js';

const SPECIFICATION = / \(https:[^)]+\)(?=\.?$)/;
const TOO_MANY = /^(?<files>\d+) max file uploads/;
const FIELD_TOO_LARGE = /exceeds the (?<bytes>\d+) byte/;

/** What broke an upload, in our codes: the parsers below tell it by status and text only. */
export function uploadFailure(error: unknown): HutongError {
  if (error instanceof HutongError) return error;
  const { status, message } = error as Error & { status?: number };
  const files = TOO_MANY.exec(message)?.groups?.files;
  if (files !== undefined) return limitExceeded({ limit: 'upload', allowed: `${files} files` });
  const bytes = FIELD_TOO_LARGE.exec(message)?.groups?.bytes;
  if (bytes !== undefined) return limitExceeded({ limit: 'body', allowed: `${bytes} bytes` });
  if (status === 499) return badInput({ problem: 'the connection ended before the upload was complete' });
  return badInput({ problem: `multipart/form-data: ${message.replace(SPECIFICATION, '')}` });
}
