import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { everyMinute, sql, sweepUntilDone, type House, type Log, type WorkerPresence } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { StoreError, type Store } from '../drivers/store/store.js';
import type { FileSetRemoval } from './file-set.removal.js';
import type { FileSetRows } from './file-set.rows.js';
import type { StorageQuota } from './storage.quota.js';
import type { StagingCache } from './staging.cache.js';

interface SweeperParts {
  fork: () => EntityManager;
  store: Store;
  rows: FileSetRows;
  quota: StorageQuota;
  removal: FileSetRemoval;
  cache: StagingCache;
  presence: WorkerPresence;
  /** See `incomingFolder`. */
  incoming: string;
  log: Log;
}

const SWEEP = 'files-sweep';
const STORE_EVERY_MS = 3_600_000;
const REMOVAL_MS = 600_000;

/** What nobody has claimed in time. A claim that is being made holds the row, and is waited for by nobody. */
const EXPIRE = `
  update ai_arts.file_set set state = 'DELETING' where id in (
    select id from ai_arts.file_set where state = 'READY' and expires_at <= now() for update skip locked
  ) and not exists (select from ai_arts.file_set_claim where file_set_id = id)`;
const DUE = `select id, prefix from ai_arts.file_set where state in ('FAILED', 'DELETING') and expires_at <= now() order by expires_at limit 1000`;
const UNDER_WAY = `select id, worker from ai_arts.file_set where state in ('RECEIVING', 'UNPACKING')`;

/** Removes what uploads that dead processes were at have left, what expired and what was deleted; at the start and every minute, by any number of processes. */
export class FileSetSweeper {
  readonly #parts: SweeperParts;
  readonly #stop = new AbortController();
  #starting: Promise<void> | undefined;
  #storeSweptAt = 0;

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  /** Sweeps at once, again while that fails, and then every minute. */
  async start(house: Pick<House, 'jobs'>): Promise<void> {
    await everyMinute(await house.jobs(), SWEEP, () => this.sweep());
    const failure = 'files that are to be removed could not be; will try again';
    this.#starting = sweepUntilDone(() => this.sweep(), { signal: this.#stop.signal, log: this.#parts.log, failure });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    await this.#starting;
  }

  async sweep(): Promise<void> {
    const { fork, cache, quota } = this.#parts;
    await this.#giveUpAbandoned();
    await sql(fork(), EXPIRE);
    await quota.sweep();
    await this.#removeArchives();
    await cache.sweep();
    // Last, as all of these go on when the store is away.
    await this.#removeDue();
    if (Date.now() - this.#storeSweptAt < STORE_EVERY_MS) return;
    await this.#parts.store.sweep(this.#patience());
    this.#storeSweptAt = Date.now();
  }

  async #giveUpAbandoned(): Promise<void> {
    const { fork, presence, rows } = this.#parts;
    for (const { id, worker } of await sql<{ id: string; worker: string }>(fork(), UNDER_WAY)) {
      const isAbandoned = await fork().transactional((tx) => presence.isAbandoned(tx, { worker, key: id }));
      if (isAbandoned) await rows.fail(id, 'the process that took it in has ended; upload again');
    }
  }

  async #removeDue(): Promise<void> {
    const { fork, removal } = this.#parts;
    let refusal: StoreError | undefined;
    for (const fileSet of await sql<{ id: string; prefix: string }>(fork(), DUE)) {
      if (this.#stop.signal.aborted) return;
      try {
        await removal.remove(fileSet, this.#patience());
      } catch (error) {
        // A store that is away has none of them removed; one that does not let go of these files may let go of others.
        if (!(error instanceof StoreError) || error.fault === 'UNREACHABLE') throw error;
        refusal ??= error;
      }
    }
    if (refusal) throw refusal;
  }

  /** Archives of sets that are not being unpacked. The row is there before the archive. */
  async #removeArchives(): Promise<void> {
    const { fork, incoming } = this.#parts;
    const archives = await readdir(incoming).catch(() => []);
    if (archives.length === 0) return;
    const kept = new Set((await sql<{ id: string }>(fork(), UNDER_WAY)).map(({ id }) => id));
    for (const id of archives) if (!kept.has(id)) await rm(path.join(incoming, id), { force: true, recursive: true });
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, AbortSignal.timeout(REMOVAL_MS)]);
  }
}
