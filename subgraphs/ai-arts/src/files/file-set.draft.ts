import { arriving } from '../drivers/store/arriving.body.js';
import type { Store } from '../drivers/store/store.js';
import { BoundedWork } from './bounded-work.js';
import type { FileEntry, FileSet } from './file-set.entity.js';
import type { FileSetRoom } from './file-set.room.js';

/** Files up to this size are read whole and put beside each other; a store takes its time for each. */
const SMALL_BYTES = 1024 * 1024;
const AT_ONCE = 16;

/** The files of a set that is being made, as they are put into the store. */
export class FileSetDraft {
  readonly files: FileEntry[] = [];
  readonly #puts = new BoundedWork(AT_ONCE);
  #bytes = 0;

  constructor(
    private readonly store: Store,
    readonly fileSet: FileSet,
    readonly room: FileSetRoom,
    private readonly signal: AbortSignal,
  ) {}

  /** Puts a file under its path in the set; resolves when its body is read. A failure may come out of a later call. */
  async put(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const read = await beginningOf(this.#counted(arriving(body, this.signal)));
    if (read.isWhole) await this.#puts.begin(() => this.#put(path, read.chunks));
    else await this.#put(path, read.chunks);
  }

  /** Has so many bytes counted that come into the set otherwise than by {@link put}, before they do. @throws FILES_TOO_LARGE */
  async expect(bytes: number): Promise<void> {
    this.#bytes += bytes;
    await this.room.take(this.#bytes);
  }

  /** Takes up a file that is in the store already. */
  found(file: FileEntry): void {
    this.files.push(file);
  }

  /** All files are in the store. @throws what put the first that is not */
  async end(): Promise<FileEntry[]> {
    await this.#puts.end();
    return this.files;
  }

  /** Nothing is put any more. */
  settle(): Promise<void> {
    return this.#puts.settle();
  }

  /** The same bytes, each when there is room for it. */
  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of body) {
      await this.expect(chunk.length);
      yield chunk;
    }
  }

  async #put(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { sizeBytes, sha256 } = await this.store.put(this.fileSet.prefix + path, body, this.signal);
    this.files.push({ path, sizeBytes, sha256 });
  }
}

/** A body whose beginning was read, to see whether there is more. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<{ isWhole: boolean; chunks: AsyncIterable<Uint8Array> }> {
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes <= SMALL_BYTES) {
    const next = await iterator.next();
    if (next.done) return { isWhole: true, chunks: all(chunks) };
    chunks.push(next.value);
    sizeBytes += next.value.length;
  }
  return { isWhole: false, chunks: all(chunks, iterator) };
}

async function* all(chunks: Uint8Array[], rest?: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) yield chunk;
    for (let next = await rest?.next(); next && !next.done; next = await rest?.next()) yield next.value;
  } finally {
    await rest?.return?.();
  }
}

/** A whole file in memory, as a body. */
export async function* bodyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

