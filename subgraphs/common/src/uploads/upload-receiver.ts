import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { processRequest, type FileUpload, type Upload } from 'graphql-upload-ts';
import { badInput, limitExceeded, timedOut } from '../errors/common.errors.js';
import type { HutongError } from '../errors/define-error.js';
import { ArrivingFile } from './arriving-file.js';
import type { UploadLimits } from './environment.js';
import { passedThrough } from './passed-buffers.js';
import { uploadFailure } from './upload.failure.js';

/** The operation of a multipart request, its files still on their way. */
export interface ReceivedUpload {
  /** `query`, `variables` and so on, unchecked, with an `Upload` wherever the map says. */
  operation: object;
  /** Resolves when the whole body has come, or will not come any more. */
  received: Promise<void>;
}

export interface UploadReceiverOptions {
  limits: UploadLimits;
  /** Largest part that is no file: the operation, and the map. */
  fieldBytes: number;
  /** Looks at the JSON of such a part before it is parsed. @throws HutongError */
  checkJson?: (json: Uint8Array) => void;
}

type Source = Parameters<typeof processRequest>[0];
type Parser = Parameters<Source['pipe']>[0] & Writable;
type Pipe = Source['pipe'];

/** What has to come in a time of `idleMs`. */
const LEAST_BYTES = 16 * 1024;
/** Headers of parts, and what stands between them. */
const FRAME_BYTES = 64 * 1024;
/** How long a file may keep others waiting while nobody reads it. */
const PATIENCE_MS = 300;

/**
 * Takes in a request of the GraphQL multipart request specification. Resolves with the operation as soon as its map is
 * there; nothing of a file is kept but what its reader has not yet taken.
 *
 * @throws HutongError BAD_INPUT for a form that is broken or does not follow the specification, LIMIT_EXCEEDED
 */
export async function receiveUpload(request: IncomingMessage, response: ServerResponse, options: UploadReceiverOptions): Promise<ReceivedUpload> {
  const body = new UploadBody(request, options);
  const { limits, fieldBytes } = options;
  try {
    // A file of exactly the largest size is good; the parser stops at its limit.
    const operation = await processRequest<object>(body.source(), response, { maxFieldSize: fieldBytes, maxFileSize: limits.fileBytes + 1, maxFiles: limits.files });
    body.assign(operation);
    return { operation, received: body.received };
  } catch (error) {
    const failure = uploadFailure(error);
    body.fail(failure);
    throw failure;
  }
}

/** The library parses the form and checks it against the specification; what comes of its files is ours. */
class UploadBody {
  readonly received: Promise<void>;
  readonly #request: IncomingMessage;
  readonly #options: UploadReceiverOptions;
  readonly #end: () => void;
  #parser: Parser | undefined;
  #places: Record<string, string[]> | undefined;
  #uploads: ReadonlyMap<string, Upload> | undefined;
  /** Files that came in one chunk with the map, before the operation was known. */
  readonly #early: ArrivingFile[] = [];
  #watch: NodeJS.Timeout | undefined;
  #bytes = 0;
  #failure: HutongError | undefined;

  constructor(request: IncomingMessage, options: UploadReceiverOptions) {
    this.#request = request;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.received = promise;
    this.#end = () => {
      clearInterval(this.#watch);
      resolve();
    };
    request.once('end', this.#end).once('close', this.#end);
  }

  /** The request as the library sees it: the parser that it pipes it into gets another reader of files. */
  source(): Source {
    const request = this.#request;
    const pipe = ((parser: Parser) => {
      this.#parser = parser;
      parser.removeAllListeners('file');
      parser.on('file', (name: string, part: Readable, info: { filename: string; encoding: string; mimeType: string }) => this.#take(name, part, info));
      this.#checkFields(parser);
      parser.on('field', (name: string, value: string) => this.#remember(name, value));
      this.#count();
      return request.pipe(parser);
    }) as Pipe;
    return {
      headers: request.headers,
      pipe,
      unpipe: request.unpipe.bind(request),
      once: request.once.bind(request),
      resume: request.resume.bind(request),
      get readableEnded() {
        return request.readableEnded;
      },
    };
  }

  /** @throws HutongError for what the library lets pass: a batch, a file that does not stand at exactly one place, one before the map */
  assign(operation: object): void {
    if (this.#failure) throw this.#failure;
    if (Array.isArray(operation)) throw badInput({ problem: 'operations: the body is a batch; send one operation in each request' });
    const uploads = new Map<string, Upload>();
    for (const [name, paths] of Object.entries(this.#places ?? {})) {
      if (paths.length !== 1) throw badInput({ problem: `map.${name}: a file is used once, at one place, got ${paths.length} places; send it as often as it is to be used` });
      uploads.set(name, valueAt(operation, paths[0]!) as Upload);
    }
    this.#uploads = uploads;
    for (const file of this.#early.splice(0)) this.#give(file);
  }

  /** Fails the files that have not come whole; the rest of the body is discarded. */
  fail(failure: HutongError): void {
    this.#failure ??= failure;
    this.#end();
    this.#parser?.destroy(failure);
  }

  #take(name: string, part: Readable, { filename, encoding, mimeType: mimetype }: { filename: string; encoding: string; mimeType: string }): void {
    const file = new ArrivingFile(name, part, { filename, mimetype, encoding }, this.#options.limits.fileBytes);
    if (!this.#places) this.fail(badInput({ problem: 'multipart/form-data: files must follow the parts "operations" and "map"' }));
    else if (this.#uploads) this.#give(file);
    else this.#early.push(file);
  }

  #give(file: ArrivingFile): void {
    const upload = this.#uploads!.get(file.fieldName);
    if (!upload || upload.file) return file.capacitor.release();
    upload.resolve(file as unknown as FileUpload);
    const othersAreAwaited = [...this.#uploads!.values()].some((other) => !other.file);
    if (othersAreAwaited) setTimeout(() => file.putAside(), PATIENCE_MS).unref();
  }

  /** Stands before the listeners of the library, which parse a field at once. */
  #checkFields(parser: Parser): void {
    const { checkJson } = this.#options;
    if (!checkJson) return;
    const listeners = parser.listeners('field');
    parser.removeAllListeners('field');
    parser.on('field', (...field: [name: string, value: string]) => {
      if (parser.destroyed) return;
      try {
        checkJson(Buffer.from(field[1]));
      } catch (error) {
        return this.fail(uploadFailure(error));
      }
      for (const listener of listeners) listener.apply(parser, field);
    });
  }

  #remember(name: string, value: string): void {
    // A map that is broken was refused before this.
    if (name === 'map' && !this.#parser!.destroyed) this.#places = JSON.parse(value) as Record<string, string[]>;
  }

  #count(): void {
    const { limits, fieldBytes } = this.#options;
    const head = 2 * fieldBytes + FRAME_BYTES;
    this.#request.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      passedThrough(chunk.length);
      const allowed = this.#uploads ? head + limits.files * (limits.fileBytes + FRAME_BYTES) : head;
      if (this.#bytes > allowed) this.fail(limitExceeded({ limit: 'body', allowed: `${allowed} bytes` }));
    });
    let before = 0;
    this.#watch = setInterval(() => {
      if (this.#bytes - before < LEAST_BYTES) this.fail(timedOut({ what: 'A pause in the upload', seconds: limits.idleMs / 1_000 }));
      before = this.#bytes;
    }, limits.idleMs);
  }
}

/** The library has found the path, among properties of its own, before it put the file there. */
const valueAt = (operation: object, path: string): unknown => path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], operation);
