import type { ByteRange, FoundFile, PresignedDownload, Store, StoredBody, StoredFile, StoreReadiness } from '../drivers/store/store.js';

export type StoreStep = 'put' | 'get' | 'copy' | 'stat' | 'list' | 'delete' | 'deleteAll' | 'presign' | 'sweep';

/** A store that fails where it is told to, and is the real one beneath. */
export class FaultyStore implements Store {
  readonly name;
  /** Called before each call; what it throws is the failure of the store. */
  before: (step: StoreStep, key: string) => Promise<void> | void = () => undefined;

  constructor(private readonly real: Store) {
    this.name = real.name;
  }

  status(signal: AbortSignal): Promise<StoreReadiness> {
    return this.real.status(signal);
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredFile> {
    await this.before('put', key);
    return this.real.put(key, body, signal);
  }

  async get(key: string, signal: AbortSignal, range?: ByteRange): Promise<StoredBody> {
    await this.before('get', key);
    return this.real.get(key, signal, range);
  }

  async copy(from: string, to: string, signal: AbortSignal): Promise<void> {
    await this.before('copy', from);
    return this.real.copy(from, to, signal);
  }

  async stat(key: string, signal: AbortSignal): Promise<FoundFile | null> {
    await this.before('stat', key);
    return this.real.stat(key, signal);
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<FoundFile, void, void> {
    await this.before('list', prefix);
    yield* this.real.list(prefix, signal);
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    await this.before('delete', key);
    await this.real.delete(key, signal);
  }

  async deleteAll(prefix: string, signal: AbortSignal): Promise<void> {
    await this.before('deleteAll', prefix);
    await this.real.deleteAll(prefix, signal);
  }

  async presign(key: string, download: PresignedDownload, signal: AbortSignal): Promise<string | null> {
    await this.before('presign', key);
    return this.real.presign(key, download, signal);
  }

  async sweep(signal: AbortSignal): Promise<void> {
    await this.before('sweep', '');
    await this.real.sweep(signal);
  }

  close(): Promise<void> {
    return this.real.close();
  }
}
