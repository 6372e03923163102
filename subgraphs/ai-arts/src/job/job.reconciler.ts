import { everyMinute, isUuid, OrphanWatch, sql, sweepUntilDone, type House, type Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { OwnedJob } from '../drivers/engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { JobErrands } from './job.errands.js';
import type { JobFolders } from './job.folders.js';
import type { JobWatcher } from './job.watcher.js';

interface ReconcilerParts {
  fork: () => EntityManager;
  engine: Engine;
  errands: JobErrands;
  folders: JobFolders;
  watcher: JobWatcher;
  settings: { orphanGraceMs: number };
  log: Log;
}

const ENGINE_TIMEOUT_MS = 60_000;
const SWEEP = 'sweep';

/** Runs that the engine may have, and those that it has ended and whose record goes with the job. */
const RUNS = `
  select run_id as "runId", id, tasks, state in ('QUEUED', 'SCHEDULING', 'RUNNING', 'PAUSING', 'KILLING') as living from ai_arts.job where run_id = any ($1::uuid[])`;
const KNOWN = 'select id from ai_arts.job where id = any ($1::uuid[])';

/**
 * Makes the engine, the folders and our table equal again, at the start and every minute: takes up what dead processes were
 * at, notices what happened on the engine, ends what carries our id and belongs to no job, and removes folders that nobody
 * owns. Everything it does may be repeated, by any number of processes.
 */
export class JobReconciler {
  readonly #parts: ReconcilerParts;
  readonly #orphans: OrphanWatch;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#orphans = new OrphanWatch(parts.settings.orphanGraceMs);
  }

  /** Sweeps at once, as long as that fails again and again, and from then on once a minute in one of the processes. */
  async start(jobs: House['jobs']): Promise<void> {
    const failure = 'the engine could not be compared with our jobs; will try again';
    this.#running = sweepUntilDone(() => this.sweep(), { signal: this.#stop.signal, log: this.#parts.log, failure });
    await everyMinute(await jobs(), SWEEP, () => this.sweep());
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    await this.#running;
  }

  async sweep(): Promise<void> {
    const { errands, watcher, engine } = this.#parts;
    await errands.takeOver();
    await this.#removeFolders();
    if (!engine.isConfigured || this.#stop.signal.aborted) return;
    watcher.wake();
    await watcher.compareAll();
    await this.#endOrphans();
  }

  async #endOrphans(): Promise<void> {
    const { engine: { driver }, fork } = this.#parts;
    // The engine first: what is submitted meanwhile is not in its list, and what is in it was written down before.
    const ours = await driver.listOurs(this.#patience());
    const runs = await sql<{ runId: string; id: string; tasks: number; living: boolean }>(fork(), RUNS, [ours.map(({ id }) => id).filter(isUuid)]);
    const byRun = new Map(runs.map((run) => [run.runId, run]));
    this.#orphans.keep(new Set(ours.map(({ id }) => id)));
    for (const owned of ours) {
      if (this.#stop.signal.aborted) return;
      const run = byRun.get(owned.id);
      if (run?.living === true || (run && owned.hasEnded)) continue;
      // What we know to be over is ended at once; what we never heard of might be somebody's who is about to write it down.
      if (run || this.#orphans.isOld(owned.id, [owned.submittedAt])) await this.#end(owned, run);
    }
  }

  async #end(owned: OwnedJob, run: { id: string; tasks: number } | undefined): Promise<void> {
    const { engine: { driver }, folders, log } = this.#parts;
    const reference = { id: owned.id, engineId: owned.engineId, folder: folders.of({ id: run?.id ?? owned.id }).path, tasks: run?.tasks ?? 1 };
    if (owned.hasEnded) return driver.forget(reference, this.#patience());
    log.warn({ run: owned.id, engineId: owned.engineId }, 'ending what belongs to no job');
    await driver.stop(reference, 0, this.#patience());
  }

  /** A folder is made after its row, so that one without a row belongs to a job that was deleted. */
  async #removeFolders(): Promise<void> {
    const { folders, fork, settings, log } = this.#parts;
    const found = (await folders.list()).filter(({ id, changedAt }) => isUuid(id) && Date.now() - changedAt.getTime() >= settings.orphanGraceMs);
    const known = new Set((await sql<{ id: string }>(fork(), KNOWN, [found.map(({ id }) => id)])).map(({ id }) => id));
    for (const { id } of found) {
      if (this.#stop.signal.aborted) return;
      if (known.has(id)) continue;
      log.warn({ job: id }, 'removing a folder that belongs to no job');
      await folders.remove(id);
    }
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ENGINE_TIMEOUT_MS)]);
  }
}
