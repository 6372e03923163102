import { Readable } from 'node:stream';
import { WriteStream } from 'graphql-upload-ts';
import { badInput, limitExceeded } from '../errors/common.errors.js';
import { uploadFailure } from './upload.failure.js';

/** What the sender says of a file. */
export interface FileInfo {
  /** As the sender calls it, without a folder; never a path to write to. Undefined when the sender does not, or calls it nothing. */
  filename: string | undefined;
  mimetype: string;
  encoding: string;
}

/** A file of the request that is being answered; it is gone when the answer is out. */
export interface UploadedFile extends FileInfo {
  /** The part of the form that it is. */
  readonly fieldName: string;
  /** The file's bytes, once. They come as fast as they are read; the stream fails when the file is cut off or too large. */
  createReadStream(): Readable;
}

/**
 * A file on its way in. Its bytes pass straight from the request to the reader, who slows the sender down. Only a file that
 * stands before one that is waited for is put aside in a temporary file, so that readers may take files in any order.
 */
export class ArrivingFile implements UploadedFile {
  readonly filename: string | undefined;
  readonly mimetype: string;
  readonly encoding: string;
  /** What the library lets go of when the answer is out. */
  readonly capacitor = { release: () => this.#fail(badInput({ problem: `${this.fieldName}: the file was not read before the answer` })) };
  readonly #part: Readable;
  #direct: Readable | undefined;
  #aside: WriteStream | undefined;
  #failure: Error | undefined;

  /** @param largest bytes that the file may have */
  constructor(
    readonly fieldName: string,
    part: Readable,
    { filename, mimetype, encoding }: FileInfo,
    largest: number,
  ) {
    this.filename = filename;
    this.mimetype = mimetype;
    this.encoding = encoding;
    this.#part = part;
    part.on('error', (error) => this.#fail(uploadFailure(error)));
    part.once('limit', () => this.#fail(limitExceeded({ limit: 'upload', allowed: `${largest} bytes a file` })));
  }

  createReadStream(): Readable {
    if (this.#failure) throw this.#failure;
    if (this.#aside) return this.#aside.createReadStream();
    if (this.#direct) throw new Error(`The file ${this.fieldName} is being read: it can be read once`);
    return (this.#direct = straight(this.#part));
  }

  /** Makes way for the files behind this one, unless somebody reads it. */
  putAside(): void {
    if (this.#direct || this.#aside || this.#failure) return;
    const aside = new WriteStream();
    this.#aside = aside;
    aside.on('error', (error) => this.#fail(error));
    this.#part.pipe(aside);
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#direct?.destroy(this.#failure);
    if (this.#aside && !this.#aside.destroyed) {
      this.#part.unpipe(this.#aside);
      this.#aside.destroy(this.#failure);
    }
    this.#part.resume();
  }
}

/** The part's bytes; what a reader leaves is discarded, so that the parts behind it come. */
function straight(part: Readable): Readable {
  const stream = new Readable({
    highWaterMark: part.readableHighWaterMark,
    read: () => void part.resume(),
    destroy(error, done) {
      part.off('data', forward);
      part.resume();
      done(error);
    },
  });
  const forward = (chunk: Buffer): void => {
    if (!stream.push(chunk)) part.pause();
  };
  part.on('data', forward).once('end', () => stream.push(null));
  part.pause();
  return stream;
}
