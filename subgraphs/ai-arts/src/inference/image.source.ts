import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { arriving } from '../drivers/store/arriving.body.js';
import { filesTooLarge } from '../errors.js';
import { asShown } from '../files/store.failure.js';

/** More than this is put aside on the disk, so that many large pictures at a time need no memory. */
const MOST_IN_MEMORY = 4 * 1024 * 1024;
/** What is put aside for so long is of a dead process. */
const ABANDONED_MS = 3_600_000;

/** A picture that has come whole. */
export class ImageSource implements AsyncDisposable {
  private constructor(
    /** What its owner calls it; only ever said back. */
    readonly name: string,
    /** Its bytes, or the absolute path of a file with them, which is there until this is disposed of. */
    readonly content: Buffer | string,
    readonly sizeBytes: number,
  ) {}

  /** Its bytes, from the beginning. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    if (typeof this.content === 'string') yield* createReadStream(this.content) as AsyncIterable<Buffer>;
    else yield this.content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (typeof this.content === 'string') await rm(this.content, { force: true });
  }

  /** Reads a picture to its end, or destroys what it comes by. @throws FILES_TOO_LARGE, STORE_FULL for this machine's disk, what the body fails with */
  static async collect(name: string, body: AsyncIterable<Uint8Array>, { folder, mostBytes, signal }: { folder: string; mostBytes: number; signal: AbortSignal }): Promise<ImageSource> {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    let aside: { file: string; handle: FileHandle } | undefined;
    try {
      for await (const chunk of arriving(body, signal)) {
        sizeBytes += chunk.length;
        if (sizeBytes > mostBytes) throw filesTooLarge({ name, limit: `at most ${mostBytes} bytes (INFERENCE_IMAGE_BYTES)`, field: 'input.image' });
        if (aside) await aside.handle.writeFile(chunk);
        else chunks.push(chunk);
        if (!aside && sizeBytes > MOST_IN_MEMORY) {
          aside = await openAside(folder);
          for (const held of chunks.splice(0)) await aside.handle.writeFile(held);
        }
      }
      await aside?.handle.close();
      return new ImageSource(name, aside?.file ?? Buffer.concat(chunks), sizeBytes);
    } catch (error) {
      await aside?.handle.close();
      if (aside) await rm(aside.file, { force: true });
      throw asShown(error);
    }
  }
}

async function openAside(folder: string): Promise<{ file: string; handle: FileHandle }> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, randomUUID());
  return { file, handle: await open(file, 'wx', 0o600) };
}

/** Removes what dead processes have put aside. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    const { mtimeMs } = (await stat(file).catch(() => undefined)) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(file, { force: true });
  }
}
