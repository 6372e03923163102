import { Transform, type TransformCallback } from 'node:stream';

/** Passes bytes on without a text that they may hold, also where it comes in pieces. */
export class WithoutText extends Transform {
  readonly #text: Buffer;
  /** What may be the beginning of the text. */
  #held = Buffer.alloc(0);

  constructor(text: string) {
    super();
    this.#text = Buffer.from(text);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let bytes = Buffer.concat([this.#held, chunk]);
    for (let at = bytes.indexOf(this.#text); at >= 0; at = bytes.indexOf(this.#text)) {
      this.push(bytes.subarray(0, at));
      bytes = bytes.subarray(at + this.#text.length);
    }
    const sure = Math.max(0, bytes.length - this.#text.length + 1);
    this.#held = Buffer.from(bytes.subarray(sure));
    done(null, bytes.subarray(0, sure));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#held);
  }
}
