import { badInput, limitExceeded, textFault } from '@hutong/common';
import { fileTypeRefused } from '../errors.js';
import { archiveKindOf, type ArchiveKind } from './archive/archive.js';
import { FilePurpose } from './file-set.entity.js';
import { checkedPath } from './relative-path.js';
import type { UploadFilesInput } from './upload.types.js';

/** What an upload says of itself, beside its file. */
export type UploadRequest = Omit<UploadFilesInput, 'file'>;

/** What an upload is to become, found good before a byte of it is taken in. */
export interface CheckedUpload {
  fileName: string;
  purpose: FilePurpose;
  isPrivate: boolean;
  /** The folder that its files come into; empty: none. */
  folder: string;
  token: string | null;
  /** How it is unpacked; undefined: it is kept as it is. */
  kind: ArchiveKind | undefined;
  waitMs: number;
}

/** What the sender calls the parts of a request, for errors. */
export type PartNames = Record<'file' | 'dir' | 'token', string>;

const IN_GRAPH: PartNames = { file: 'input.file', dir: 'input.dir', token: 'input.token' };
const LONGEST_TOKEN = 255;
const LONGEST_WAIT_S = 600;
const USUAL_WAIT_S = 20;
const MODEL_ENDING = /\.(?:onnx|zip|tar|tar\.gz|tgz)$/i;

/**
 * Checks all of an upload but its bytes.
 *
 * @param name as the sender calls the file
 * @throws PATH_INVALID, BAD_INPUT, FILE_TYPE_REFUSED, LIMIT_EXCEEDED
 */
export function checkedUpload({ purpose, dir, isPrivate, unpack, token, waitSeconds }: UploadRequest, name: string, names: PartNames = IN_GRAPH): CheckedUpload {
  const fileName = lastOf(checkedPath(name, names.file));
  const folder = dir == null || dir === '' ? '' : checkedPath(dir, names.dir);
  const tokenProblem = token == null ? undefined : token === '' ? 'expected 1 to 255 characters, got none' : textFault(token, LONGEST_TOKEN);
  if (tokenProblem !== undefined) throw badInput({ field: names.token, problem: tokenProblem });
  const waitMs = waitOf(waitSeconds);
  if (purpose === FilePurpose.MODEL && !MODEL_ENDING.test(fileName)) throw fileTypeRefused({ name: fileName, problem: 'a model is an .onnx, .zip, .tar, .tar.gz or .tgz file', field: names.file });
  const kind = unpack === false ? undefined : archiveKindOf(fileName);
  if (!kind && folder !== '') checkedPath(`${folder}/${fileName}`, names.dir);
  return { fileName, purpose, isPrivate: isPrivate ?? true, folder, token: token ?? null, kind, waitMs };
}

/** @throws BAD_INPUT, LIMIT_EXCEEDED */
export function waitOf(seconds: number | null | undefined): number {
  const wait = seconds ?? USUAL_WAIT_S;
  if (wait < 0) throw badInput({ field: 'input.waitSeconds', problem: `expected an integer from 0 to ${LONGEST_WAIT_S}, got ${wait}` });
  if (wait > LONGEST_WAIT_S) throw limitExceeded({ field: 'input.waitSeconds', limit: 'wait', allowed: `${LONGEST_WAIT_S} seconds`, got: String(wait) });
  return wait * 1_000;
}

/** The name of a file without what stands before it as a folder. */
const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
