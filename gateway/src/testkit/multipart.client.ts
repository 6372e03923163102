import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface FormPart {
  name: string;
  value: string | Buffer;
  filename?: string;
  type?: string;
}

export const BOUNDARY = 'a-boundary-of-the-test';

export const UPLOAD_HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, 'apollo-require-preflight': 'true' };

const headOf = ({ name, filename, type }: FormPart): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`;

/** A body of multipart/form-data, byte by byte as it is to be sent. */
export const formOf = (parts: readonly FormPart[]): Buffer =>
  Buffer.concat([...parts.flatMap((part) => [Buffer.from(headOf(part)), Buffer.from(part.value), Buffer.from('\r\n')]), Buffer.from(`--${BOUNDARY}--\r\n`)]);

export interface Operation {
  query: string;
  variables: unknown;
  /** Paths by the name of a part. */
  map: Record<string, unknown>;
  files?: Record<string, string | Buffer>;
}

/** The body of an operation with files, in the order of the specification. */
export const operationForm = ({ query, variables, map, files = {} }: Operation): Buffer =>
  formOf([
    { name: 'operations', value: JSON.stringify({ query, variables }) },
    { name: 'map', value: JSON.stringify(map) },
    ...Object.entries(files).map(([name, value]) => ({ name, value, filename: `${name}.bin`, type: 'application/octet-stream' })),
  ]);

/** Begins a request on a socket of its own, with as much of its body as is given. */
export async function beginUpload(url: string, body: Buffer, length = body.length, more: Readonly<Record<string, string>> = {}): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const headers = Object.entries({ host: hostname, ...UPLOAD_HEADERS, 'content-length': String(length), ...more }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /graphql HTTP/1.1\r\n${headers.join('')}\r\n`);
  socket.write(body);
  return socket;
}

/** A file of so many zeros between the head and the tail of its form, never whole in memory. */
export async function* largeForm(query: string, bytes: number): AsyncGenerator<Buffer> {
  const form = operationForm({ query, variables: { file: null }, map: { file: ['variables.file'] }, files: { file: '' } });
  const at = form.length - `\r\n--${BOUNDARY}--\r\n`.length;
  yield form.subarray(0, at);
  const chunk = Buffer.alloc(256 * 1024);
  for (let left = bytes; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk;
  yield form.subarray(at);
}
