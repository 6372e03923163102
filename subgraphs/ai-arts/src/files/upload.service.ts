import { badInput, limitExceeded, pageOf, pageWindow, sql, textFault, type Connection, type PageArguments, type RequestScope, type UploadedFile } from '@hutong/common';
import { fileTypeRefused } from '../errors.js';
import { archiveKindOf, LOOKED_AT_BYTES, requireKind } from './archive/archive.js';
import { FilePurpose, type FileEntry, type FileSet } from './file-set.entity.js';
import type { Intake } from './intake.js';
import { decodePathCursor } from './path.cursor.js';
import { checkedPath } from './relative-path.js';
import type { SharedFiles } from './shared-files.js';
import type { RegisterFilesInput, UploadFilesInput } from './upload.types.js';

const LONGEST_TOKEN = 255;
const LONGEST_WAIT_S = 600;
const USUAL_WAIT_S = 20;
const MODEL_ENDING = /\.(?:onnx|zip|tar|tar\.gz|tgz)$/i;

/** What an upload says of itself, beside its file. */
export type UploadRequest = Omit<UploadFilesInput, 'file'>;

/** A file as it comes. */
export interface ArrivingUpload {
  /** As the sender calls it. */
  name: string;
  /** Its bytes, once. */
  open: () => AsyncIterable<Uint8Array>;
}

/** Files of a set, all or those below a folder. */
export interface FilesOf {
  /** The set's. */
  id: string;
  /** Empty: all. */
  folder: string;
  /** How many they are. */
  fileCount: number;
}

/** Takes in what users send. */
export class UploadService {
  constructor(private readonly parts: { intake: Intake; shared: SharedFiles }) {}

  /** Takes in a file of a request; see `uploadFiles`. */
  async upload(scope: Pick<RequestScope, 'caller' | 'signal'>, request: UploadRequest, file: UploadedFile): Promise<FileSet> {
    return this.receive(scope, request, { name: file.filename ?? '', open: () => file.createReadStream() as AsyncIterable<Uint8Array> });
  }

  /** Takes in a file however it comes, by the rules of `uploadFiles`. What `open` answers is read to its end or destroyed. */
  async receive({ caller, signal }: Pick<RequestScope, 'caller' | 'signal'>, request: UploadRequest, { name, open }: ArrivingUpload): Promise<FileSet> {
    const { purpose, isPrivate, unpack, token } = request;
    const fileName = checkedName(name);
    const folder = request.dir == null || request.dir === '' ? '' : checkedPath(request.dir, 'input.dir');
    if (token != null) requireToken(token);
    const waitMs = waitOf(request.waitSeconds);
    if (purpose === FilePurpose.MODEL && !MODEL_ENDING.test(fileName)) throw fileTypeRefused({ name: fileName, problem: 'a model is an .onnx, .zip, .tar, .tar.gz or .tgz file', field: 'input.file' });
    const of = { ownerId: caller.userId ?? '', purpose, isPrivate: isPrivate ?? true, folder, token: token ?? null };
    const kind = unpack === false ? undefined : archiveKindOf(fileName);
    const checked = () => startChecked(fileName, open());
    if (kind) return this.parts.intake.unpack(of, { kind, name: fileName, open: checked }, waitMs, signal);
    return this.parts.intake.make(of, signal, (draft, progress) => draft.put(folder === '' ? fileName : `${folder}/${fileName}`, progress.counting(checked())));
  }

  /** Makes a set of files that are in the store already; see `registerFiles`. */
  register({ caller, signal }: Pick<RequestScope, 'caller' | 'signal'>, { waitSeconds, ...of }: RegisterFilesInput): Promise<FileSet> {
    return this.parts.shared.register(caller.userId ?? '', of, waitOf(waitSeconds), signal);
  }

  /** A page of the files of a set, by path. */
  async files({ em, maxPageSize }: RequestScope, { id, folder, fileCount }: FilesOf, page: PageArguments): Promise<Connection<FileEntry>> {
    const window = pageWindow(page, maxPageSize);
    const rows = await sql<FileEntry>(
      em,
      `select path, size_bytes::float8 as "sizeBytes", sha256 from ai_arts.file_set_file
       where file_set_id = $1 and path > $2 and ($3 = '' or path = $3 or starts_with(path, $3 || '/')) order by path limit $4 offset $5`,
      [id, window.after === null ? '' : decodePathCursor(window.after), folder, window.limit + 1, window.offset],
    );
    return pageOf({ rows, window, keyOf: ({ path }) => [path], totalCount: fileCount });
  }
}

/** The sender's name of a file, without what stands before it as a folder. @throws PATH_INVALID */
const checkedName = (name: string): string => {
  const checked = checkedPath(name, 'input.file');
  return checked.slice(checked.lastIndexOf('/') + 1);
};

function requireToken(token: string): void {
  const problem = token === '' ? 'expected 1 to 255 characters, got none' : textFault(token, LONGEST_TOKEN);
  if (problem !== undefined) throw badInput({ field: 'input.token', problem });
}

/** @throws BAD_INPUT, LIMIT_EXCEEDED */
export function waitOf(seconds: number | null | undefined): number {
  const wait = seconds ?? USUAL_WAIT_S;
  if (wait < 0) throw badInput({ field: 'input.waitSeconds', problem: `expected an integer from 0 to ${LONGEST_WAIT_S}, got ${wait}` });
  if (wait > LONGEST_WAIT_S) throw limitExceeded({ field: 'input.waitSeconds', limit: 'wait', allowed: `${LONGEST_WAIT_S} seconds`, got: String(wait) });
  return wait * 1_000;
}

/** The same bytes; fails before the first of them when the file does not begin as its name says. */
async function* startChecked(name: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let start = Buffer.alloc(0);
  let isChecked = false;
  for await (const chunk of body) {
    if (isChecked) yield chunk;
    else {
      start = Buffer.concat([start, chunk]);
      if (start.length < LOOKED_AT_BYTES) continue;
      requireKind(name, start.subarray(0, LOOKED_AT_BYTES));
      isChecked = true;
      yield start;
    }
  }
  if (isChecked) return;
  requireKind(name, start);
  yield start;
}
