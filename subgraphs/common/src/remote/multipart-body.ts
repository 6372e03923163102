import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { SubgraphRequest } from '../graph/connection.js';
import type { UploadedFile } from '../uploads/arriving-file.js';
import { fileOf, isUpload, uploadsIn, type UploadVariable } from '../uploads/upload-variables.js';

/** A request of the GraphQL multipart request specification on its way out. */
export interface MultipartBody {
  contentType: string;
  /** Takes from the files as fast as it is read; fails with what a file failed with. */
  body: Readable;
}

const FIELD = 'Content-Disposition: form-data; name=';

/** An operation, as the receiver wants its members named, with the files of its variables as one body; undefined when these hold none. */
export function multipartBody(operation: Pick<SubgraphRequest, 'variables'> & Readonly<Record<string, unknown>>): MultipartBody | undefined {
  const files = uploadsIn(operation.variables, 'variables');
  if (files.length === 0) return undefined;
  const boundary = `hutong-${randomUUID()}`;
  const operations = JSON.stringify(operation, (_key, value: unknown) => (isUpload(value) ? null : value));
  const map = JSON.stringify(Object.fromEntries(files.map(({ path }, index) => [index, [path]])));
  const head = `--${boundary}\r\n${FIELD}"operations"\r\n\r\n${operations}\r\n--${boundary}\r\n${FIELD}"map"\r\n\r\n${map}\r\n`;
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Readable.from(parts(boundary, head, files), { objectMode: false }) };
}

async function* parts(boundary: string, head: string, files: readonly UploadVariable[]): AsyncGenerator<Buffer> {
  yield Buffer.from(head);
  // Each as it comes: the sender may have put them in another order than the variables.
  const awaited = new Map(files.map(({ upload }, index) => [index, fileOf(upload).then((file) => ({ index, file }))]));
  for (const file of awaited.values()) file.catch(() => undefined);
  while (awaited.size > 0) {
    const { index, file } = await Promise.race(awaited.values());
    awaited.delete(index);
    yield Buffer.from(`--${boundary}\r\n${FIELD}"${index}"${filename(file)}\r\nContent-Type: ${file.mimetype}\r\n\r\n`);
    yield* file.createReadStream() as AsyncIterable<Buffer>;
    yield Buffer.from('\r\n');
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

/** Any name, in the form of RFC 8187. A part without one must stay so. */
function filename({ filename: name }: Pick<UploadedFile, 'filename'>): string {
  if (name === undefined) return '';
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, (character) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`);
  return `; filename*=UTF-8''${encoded}`;
}
