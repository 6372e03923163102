import { open, type FileHandle } from 'node:fs/promises';
import type { ImageContent } from './decoder.task.js';

type Place = { memory: Buffer } | { file: FileHandle };

/** Pieces of an image, wherever its bytes are. */
export class ImageBytes implements AsyncDisposable {
  private constructor(
    readonly sizeBytes: number,
    private readonly place: Place,
  ) {}

  static async open(content: ImageContent): Promise<ImageBytes> {
    if (typeof content !== 'string') return new ImageBytes(content.byteLength, { memory: Buffer.from(content.buffer, content.byteOffset, content.byteLength) });
    const file = await open(content);
    return new ImageBytes((await file.stat()).size, { file });
  }

  /** What there is of so many bytes from `start` on. */
  async read(start: number, length: number): Promise<Buffer> {
    if ('memory' in this.place) return this.place.memory.subarray(start, start + length);
    const { buffer, bytesRead } = await this.place.file.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if ('file' in this.place) await this.place.file.close();
  }
}
