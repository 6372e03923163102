import { badInput } from '@hutong/common';
import { FilePurpose } from '../file-set.entity.js';
import { checkedUpload, type PartNames, type UploadRequest } from '../upload.check.js';

/** What a resumable upload says of itself in Upload-Metadata. */
export interface ResumableRequest {
  fileName: string;
  request: UploadRequest;
}

type Metadata = Record<string, string | null>;

/** What `Upload-Metadata` may have; others are kept and shown again. */
const FLAGS = ['isPrivate', 'unpack'] as const;
const NAMES: PartNames = { file: 'Upload-Metadata: filename', dir: 'Upload-Metadata: dir', token: 'Upload-Metadata: token' };

/**
 * Reads and checks the metadata of an upload: filename and purpose, which it must have, dir, isPrivate, unpack and token.
 *
 * @throws BAD_INPUT, PATH_INVALID, FILE_TYPE_REFUSED
 */
export function requestOf(metadata: Metadata): ResumableRequest {
  const purpose = Object.values(FilePurpose).find((one) => one === metadata.purpose?.toUpperCase());
  if (!purpose) throw badInput({ field: 'Upload-Metadata: purpose', problem: `expected one of ${Object.values(FilePurpose).join(', ')}` });
  if (!metadata.filename) throw badInput({ field: 'Upload-Metadata: filename', problem: 'expected the name of the file' });
  const [isPrivate, unpack] = FLAGS.map((name) => flagOf(name, metadata[name]));
  const request = { purpose, dir: metadata.dir, isPrivate, unpack, token: metadata.token };
  checkedUpload(request, metadata.filename, NAMES);
  return { fileName: metadata.filename, request };
}

function flagOf(name: string, text: string | null | undefined): boolean | undefined {
  if (text == null) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw badInput({ field: `Upload-Metadata: ${name}`, problem: 'expected true or false' });
}
