import { pageOf, pageWindow, sql, type Connection, type PageArguments, type RequestScope, type UploadedFile } from '@hutong/common';
import { LOOKED_AT_BYTES, requireKind } from './archive/archive.js';
import type { FileEntry, FileSet } from './file-set.entity.js';
import type { ArrivedBytes } from './file-set.rows.js';
import type { Intake } from './intake.js';
import { decodePathCursor } from './path.cursor.js';
import type { SharedFiles } from './shared-files.js';
import { checkedUpload, waitOf, type UploadRequest } from './upload.check.js';
import type { RegisterFilesInput } from './upload.types.js';

/** A file as it comes. */
export interface ArrivingUpload {
  /** As the sender calls it. */
  name: string;
  /** Its bytes, once. */
  open: () => AsyncIterable<Uint8Array>;
  /** When it was sent before and is on this machine already; its reading is not told as progress then. */
  arrived?: ArrivedBytes;
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
  async receive({ caller, signal }: Pick<RequestScope, 'caller' | 'signal'>, request: UploadRequest, { name, open, arrived }: ArrivingUpload): Promise<FileSet> {
    const { fileName, kind, waitMs, folder, ...upload } = checkedUpload(request, name);
    const of = { ...upload, ownerId: caller.userId ?? '', folder, arrived };
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
