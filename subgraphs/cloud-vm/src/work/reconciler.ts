import { isUuid, OrphanWatch, sql, sweepUntilDone, type Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cloud } from '../cloud/cloud.js';
import type { CloudVmSettings } from '../environment.js';
import type { ErrandStore } from './errand.store.js';
import type { Watcher } from './watcher.js';

interface ReconcilerParts {
  fork: () => EntityManager;
  cloud: Cloud;
  errands: ErrandStore;
  watcher: Watcher;
  settings: Pick<CloudVmSettings, 'orphanGraceMs'>;
  log: Log;
}

const CLOUD_TIMEOUT_MS = 60_000;

/** Machines that hold, or may yet hold, what carries their id. */
const HOLDING = `
  select id from cloud_vm.virtual_machine
  where id = any ($1::uuid[]) and (errand is not null or expected is not null or state not in ('ERROR', 'DELETED')
    or exists (select from cloud_vm.made_resource where virtual_machine_id = id))`;
const KNOWN = 'select id from cloud_vm.virtual_machine where id = any ($1::uuid[])';

/**
 * Makes the cloud and our table equal again, at the start and every minute: takes up what dead processes were at, ends
 * what their callers waited for, notices what changed behind our back, and destroys what carries our id and belongs to
 * no machine. Everything it does may be repeated, by any number of processes.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #orphans: OrphanWatch;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#orphans = new OrphanWatch(parts.settings.orphanGraceMs);
  }

  /** Sweeps at once, and as long as that fails again and again. */
  start(): void {
    const failure = 'the cloud could not be compared with our machines; will try again';
    this.#running = sweepUntilDone(() => this.sweep(), { signal: this.#stop.signal, log: this.#parts.log, failure });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    await this.#running;
  }

  async sweep(): Promise<void> {
    const { errands, watcher, cloud } = this.#parts;
    await errands.takeOver();
    if (!cloud.isConfigured || this.#stop.signal.aborted) return;
    watcher.wake();
    await watcher.compareAll();
    await this.#destroyOrphans();
  }

  async #destroyOrphans(): Promise<void> {
    const { cloud: { driver }, log } = this.#parts;
    // The cloud first: what is launched meanwhile is not in its list, and what is in it was written down before.
    const ours = await driver.listOurs(this.#patience());
    const byMachine = Map.groupBy(ours, ({ machineId }) => machineId);
    const { holding, known } = await this.#stored([...byMachine.keys()].filter(isUuid));
    this.#orphans.keep(byMachine);
    for (const [id, resources] of byMachine) {
      if (this.#stop.signal.aborted || holding.has(id)) continue;
      // What we know to be over is released at once; what we never heard of might be somebody's who is about to write it down.
      if (!known.has(id) && !this.#orphans.isOld(id, resources.map(({ createdAt }) => createdAt))) continue;
      log.warn({ virtualMachine: id, resources: resources.map(({ kind, id: cloudId }) => ({ kind, id: cloudId })) }, 'destroying what belongs to no machine');
      await driver.destroy({ id, made: [] }, this.#patience());
    }
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, AbortSignal.timeout(CLOUD_TIMEOUT_MS)]);
  }

  async #stored(ids: string[]): Promise<{ holding: Set<string>; known: Set<string> }> {
    const em = this.#parts.fork();
    const setOf = (rows: { id: string }[]) => new Set(rows.map(({ id }) => id));
    return { holding: setOf(await sql(em, HOLDING, [ids])), known: setOf(await sql(em, KNOWN, [ids])) };
  }
}
