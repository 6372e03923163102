import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { endBodyDeadline, uploadOf, type Upload, type UploadLimits } from '@hutong/common/process';
import busboy, { type Busboy, type FileInfo } from 'busboy';
import { CallerGone } from './body.reader.js';
import { Failure, failure } from './failure.js';
import { decodedText, type Form } from './form.reader.js';

/** What has to come in a time of `idleMs`. */
const LEAST_BYTES = 16 * 1024;
const MOST_TEXTS = 1_000;
const LARGEST_TEXT = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Headers of parts, and what stands between them. */
const FRAME_BYTES = 64 * 1024;

/** Whether a request says that it brings a multipart form. */
export const isUploadForm = ({ headers }: IncomingMessage): boolean => /^multipart\/form-data\b/i.test(headers['content-type'] ?? '');

/**
 * A multipart form with one file. Its texts may stand behind the file, so this is put aside until all have come: in a temporary
 * file without a name, which is gone with the form or with the process.
 */
export class UploadForm implements AsyncDisposable {
  readonly #aside: FileHandle;

  private constructor(
    readonly texts: Form,
    /** Undefined: the form has none, which was said to be good. */
    readonly file: Upload | undefined,
    aside: FileHandle,
  ) {
    this.#aside = aside;
  }

  /**
   * @param key the file's; files of other keys are skipped, and of several only the first is taken
   * @param isOptional whether a form without the file is good, too
   * @throws Failure FILE_MISSING when the form has no such file, or is none; FILES_TOO_LARGE; BODY_TOO_LARGE; BAD_INPUT when it is broken; TIMEOUT
   * @throws CallerGone
   */
  static async receive(request: IncomingMessage, key: string, limits: UploadLimits, isOptional = false): Promise<UploadForm> {
    const parser = parserFor(request, key, limits);
    const aside = await nameless();
    try {
      const reader = new FormReader(parser, key, aside, limits);
      endBodyDeadline(request);
      await reader.read(request, limits);
      const { texts, info } = reader;
      if (!info && !isOptional) throw noFile(key);
      if (!info) return new UploadForm(texts, undefined, aside);
      const { filename, mimeType: mimetype, encoding } = info;
      const createReadStream = () => Readable.from(bytesOf(aside), { objectMode: false });
      return new UploadForm(texts, uploadOf({ fieldName: key, filename, mimetype, encoding, createReadStream }), aside);
    } catch (error) {
      await aside.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#aside.close();
  }
}

/** One form on its way in. */
class FormReader {
  readonly texts = Object.create(null) as Form;
  info: FileInfo | undefined;
  readonly #parser: Busboy;
  #written: Promise<void> = Promise.resolve();

  constructor(parser: Busboy, key: string, aside: FileHandle, { fileBytes }: UploadLimits) {
    this.#parser = parser;
    parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      if (nameTruncated || valueTruncated) return this.#fail(failure('BODY_TOO_LARGE', `a text of a form may have at most ${LARGEST_TEXT} bytes`));
      this.texts[name] ??= decodedText(Buffer.from(value, 'latin1'));
    });
    parser.once('fieldsLimit', () => this.#fail(failure('BODY_TOO_LARGE', `at most ${MOST_TEXTS} fields are taken here`)));
    parser.on('file', (name: string, part: Readable, info: FileInfo) => {
      part.on('error', () => undefined); // the parser fails with it, too
      // The parser reads its chunk to the end even when it was stopped within, and would not end such a file.
      if (parser.destroyed) return void part.destroy();
      if (name !== key || this.info) return void part.resume();
      this.info = info;
      part.once('limit', () => this.#fail(new Failure('FILES_TOO_LARGE', [{ path: [key], message: `a file may have at most ${fileBytes} bytes (LIMIT_UPLOAD_BYTES)` }])));
      this.#written = aside.writeFile(part);
      this.#written.catch((error: unknown) => this.#fail(error as Error));
    });
  }

  async read(request: IncomingMessage, { fileBytes, idleMs }: UploadLimits): Promise<void> {
    let bytes = 0;
    let before = 0;
    const most = fileBytes + MOST_TEXTS * FRAME_BYTES;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > most) this.#fail(failure('BODY_TOO_LARGE', `at most ${most} bytes are taken here`));
    };
    const watch = setInterval(() => {
      if (bytes - before < LEAST_BYTES) this.#fail(failure('TIMEOUT', `The upload paused for more than ${idleMs / 1_000} s`));
      before = bytes;
    }, idleMs);
    request.on('data', count);
    try {
      await new Promise<void>((resolve, reject) => {
        request.once('close', () => request.complete || reject(new CallerGone()));
        this.#parser.once('close', resolve).once('error', reject);
        request.once('end', () => void this.#taken().then(resolve)).pipe(this.#parser);
      });
      await this.#written;
    } catch (error) {
      this.#close(); // so that no more is written
      await this.#written.catch(() => undefined);
      throw error instanceof Failure || error instanceof CallerGone || isOurs(error) ? error : new Failure('BAD_INPUT', [{ path: [], message: `not valid multipart/form-data: ${(error as Error).message}` }]);
    } finally {
      this.#close();
      clearInterval(watch);
      request.off('data', count).unpipe(this.#parser);
      request.resume(); // so that the caller can finish sending and then read the refusal
    }
  }

  /** Until all that came is read. The parser waits in vain for the end of a file that begins behind the form's own end, in the same chunk. */
  async #taken(): Promise<void> {
    await this.#written.catch(() => undefined);
    do await nextTurn();
    while (this.#parser.writableLength > 0 && !this.#parser.destroyed);
    await nextTurn(); // so that a form that is not whole has failed
  }

  #close(): void {
    this.#parser.on('error', () => undefined).destroy();
  }

  #fail(error: Error): void {
    this.#parser.destroy(error);
  }
}

function parserFor(request: IncomingMessage, key: string, { fileBytes }: UploadLimits): Busboy {
  if (!isUploadForm(request)) throw noFile(key);
  try {
    // Texts come with a character for each byte, so that what is not valid UTF-8 is seen. A file of exactly the largest size is good.
    return busboy({ headers: request.headers, defCharset: 'latin1', defParamCharset: 'utf8', limits: { fileSize: fileBytes + 1, fields: MOST_TEXTS, fieldSize: LARGEST_TEXT } });
  } catch (error) {
    throw new Failure('BAD_INPUT', [{ path: [], message: `not valid multipart/form-data: ${(error as Error).message}` }]);
  }
}

async function nameless(): Promise<FileHandle> {
  const name = path.join(tmpdir(), `hutong-upload-${randomUUID()}`);
  const file = await open(name, 'wx+', 0o600);
  await unlink(name);
  return file;
}

async function* bytesOf(aside: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await aside.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** A fault of this machine's disk, which is not the caller's. */
const isOurs = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

const noFile = (key: string): Failure => new Failure('FILE_MISSING', [{ path: [key], message: `expected multipart/form-data with a file in ${key}`, missing: true }]);
