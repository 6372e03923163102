import { badInput } from '@hutong/common';
import { FilePurpose } from '../file-set.entity.js';
import type { UploadRequest } from '../upload.service.js';

/** What a resumable upload says of itself in Upload-Metadata. */
export interface ResumableRequest {
  fileName: string;
  request: UploadRequest;
}

type Metadata = Record<string, string | null>;

/** What `Upload-Metadata` may have; others are kept and shown again. */
const FLAGS = ['isPrivate', 'unpack'] as const;

/** Reads the metadata of an upload: filename and purpose, which it must have, dir, isPrivate, unpack and token. @throws BAD_INPUT */
export function requestOf(metadata: Metadata): ResumableRequest {
  const purpose = Object.values(FilePurpose).find((one) => one === metadata.purpose?.toUpperCase());
  if (!purpose) throw badInput({ field: 'Upload-Metadata: purpose', problem: `expected one of ${Object.values(FilePurpose).join(', ')}` });
  if (!metadata.filename) throw badInput({ field: 'Upload-Metadata: filename', problem: 'expected the name of the file' });
  const [isPrivate, unpack] = FLAGS.map((name) => flagOf(name, metadata[name]));
  return { fileName: metadata.filename, request: { purpose, dir: metadata.dir, isPrivate, unpack, token: metadata.token } };
}

function flagOf(name: string, text: string | null | undefined): boolean | undefined {
  if (text == null) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw badInput({ field: `Upload-Metadata: ${name}`, problem: 'expected true or false' });
}
