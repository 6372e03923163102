import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { Failure, failure } from './failure.js';

const INFLATE = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) };

/** The caller went away while its body was being read; there is nobody to answer. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/**
 * Reads a request's body, inflated. express.raw would do, but it reads a refused body to its end before it says so.
 *
 * @throws Failure MEDIA_TYPE_UNSUPPORTED; BODY_TOO_LARGE as soon as that is known, counted after inflation; BAD_INPUT
 *   when the compression is broken
 * @throws CallerGone
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && !Object.hasOwn(INFLATE, encoding)) {
    throw failure('MEDIA_TYPE_UNSUPPORTED', `Content-Encoding: expected one of ${Object.keys(INFLATE).join(', ')}`);
  }
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const bytes = await collect(request, limitBytes);
  return encoding === 'identity' ? bytes : inflated(bytes, encoding as keyof typeof INFLATE, limitBytes);
}

/**
 * A missing type is taken for JSON: the oldest clients send none. A form or plain text is what foreign pages can send.
 *
 * @throws Failure MEDIA_TYPE_UNSUPPORTED
 */
export function requireJsonType(header: string | undefined): void {
  if (header === undefined || header.trim() === '') return;
  const [type = '', ...parameters] = header.toLowerCase().split(';').map((part) => part.trim());
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw failure('MEDIA_TYPE_UNSUPPORTED', 'Content-Type: expected application/json');
  }
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '');
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset)) {
    throw failure('MEDIA_TYPE_UNSUPPORTED', 'Content-Type: expected charset utf-8');
  }
}

function collect(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      act();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else {
        settle(() => reject(tooLarge(limitBytes)));
        request.resume(); // so that the caller can finish sending and then read the refusal
      }
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    const onGone = () => settle(() => reject(new CallerGone()));
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    if (request.destroyed) onGone();
  });
}

async function inflated(bytes: Buffer, encoding: keyof typeof INFLATE, limitBytes: number): Promise<Buffer> {
  if (bytes.length === 0) return bytes;
  try {
    return await INFLATE[encoding](bytes, { maxOutputLength: limitBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes);
    throw new Failure('BAD_INPUT', [{ path: [], message: `not valid ${encoding}` }]);
  }
}

function tooLarge(limitBytes: number): Failure {
  return new Failure('BODY_TOO_LARGE', [{ path: [], message: `at most ${limitBytes} bytes are taken here` }]);
}
