import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import type { EngineJobSpec, EngineJobView } from '../engine.js';
import { syncFolder, writeDurably, writeSynced } from './durable.file.js';
import { removeFolder } from './folder.removal.js';
import type { EndRecord, KeeperPlan, KeeperRecord, RunningRecord, StopRecord } from './keeper.plan.js';

/** `spec.json`: a job as it was submitted. */
export interface JobRecord {
  spec: EngineJobSpec;
  /** `EngineOptions.installation` of who submitted it. */
  installation: string;
  /** Jobs start in this order: microseconds since 1970, and a little more where two would have the same. */
  order: number;
}

export const SPEC = 'spec.json';
export const PLAN = 'plan.json';
export const KEEPER = 'keeper.json';
export const RUNNING = 'running.json';
export const STOP = 'stop.json';
export const ENDED = 'ended.json';

/** What the engine remembers of one job. Its files are written in this order: spec, keeper, running, ended; stop at any time. */
export class JobFolder {
  readonly path: string;

  constructor(
    private readonly jobs: string,
    readonly id: string,
  ) {
    this.path = path.join(jobs, id);
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  /** Keeps a new job durably; false when there is one of this id. */
  async make(record: JobRecord): Promise<boolean> {
    const part = partIn(this.jobs);
    // Jobs without a sandbox have their folder for temporary files in it.
    await mkdir(part, { mode: 0o711 });
    try {
      await writeSynced(path.join(part, SPEC), JSON.stringify(record));
      await syncFolder(part);
      await rename(part, this.path);
      await syncFolder(this.jobs);
      return true;
    } catch (error) {
      await removeFolder(part);
      if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  }

  /** The names of its files; undefined when there is no such job. */
  async names(): Promise<ReadonlySet<string> | undefined> {
    try {
      return new Set(await readdir(this.path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  spec(): Promise<JobRecord | null> {
    return this.read<JobRecord>(SPEC);
  }

  keeper(): Promise<KeeperRecord | null> {
    return this.read<KeeperRecord>(KEEPER);
  }

  ended(): Promise<EndRecord | null> {
    return this.read<EndRecord>(ENDED);
  }

  /** Leaves a keeper what it is to do. It reads it at once, so the disk may have it later. */
  async plan(plan: KeeperPlan): Promise<void> {
    const part = this.file(`${PLAN}.${randomUUID()}`);
    await writeFile(part, JSON.stringify(plan), { mode: 0o600 });
    await rename(part, this.file(PLAN));
  }

  /** Asks for the job's end; asked again, the earlier moment holds. */
  async stop(killAt: number): Promise<void> {
    const asked = await this.read<StopRecord>(STOP);
    if (asked && asked.killAt <= killAt) return;
    await writeDurably(this.file(STOP), JSON.stringify({ killAt } satisfies StopRecord));
  }

  end(record: EndRecord): Promise<void> {
    return writeDurably(this.file(ENDED), JSON.stringify(record));
  }

  /** @param isStarting whether a keeper is on its way that has not made itself known */
  async view(isStarting: boolean, waits: string): Promise<EngineJobView> {
    const names = await this.names();
    const nothing = { id: this.id, engineId: this.id, neverBegun: false, reason: null, end: null, exitCode: null, signal: null, startedAt: null, endedAt: null, host: null };
    if (!names?.has(SPEC)) return { ...nothing, state: 'GONE', engineId: null, reason: 'the engine knows no such job' };
    const ended = names.has(ENDED) ? await this.ended() : null;
    if (ended) {
      const host = ended.startedAt === null ? null : hostname();
      return { ...nothing, state: 'ENDED', ...ended, startedAt: ended.startedAt === null ? null : new Date(ended.startedAt), endedAt: new Date(ended.endedAt), host };
    }
    const running = names.has(RUNNING) ? await this.read<RunningRecord>(RUNNING) : null;
    if (running) return { ...nothing, state: 'RUNNING', startedAt: new Date(running.startedAt), host: hostname() };
    if (isStarting || names.has(KEEPER)) return { ...nothing, state: 'SCHEDULING' };
    return { ...nothing, state: 'QUEUED', reason: waits };
  }

  /** Its name goes first, so that it is not there by halves. */
  async remove(): Promise<void> {
    const away = partIn(this.jobs);
    await rename(this.path, away).catch(unlessMissing);
    await removeFolder(away);
  }

  private async read<Record>(name: string): Promise<Record | null> {
    const text = await readFile(this.file(name), 'utf8').catch(unlessMissing);
    return text === undefined ? null : (JSON.parse(text) as Record);
  }
}

/** The ids of all jobs that the engine knows. */
export async function jobIds(jobs: string): Promise<string[]> {
  return (await readdir(jobs)).filter((name) => !name.startsWith('.'));
}

/** Removes what was being made or removed when a process of ours was killed. */
export async function removeRemains(jobs: string): Promise<void> {
  for (const name of await readdir(jobs)) {
    if (!name.startsWith(PART)) continue;
    const remains = path.join(jobs, name);
    const facts = await stat(remains).catch(unlessMissing);
    if (facts && Date.now() - facts.mtimeMs > REMAINS_MS) await removeFolder(remains);
  }
}

const PART = '.part-';
const REMAINS_MS = 60_000;
const partIn = (jobs: string): string => path.join(jobs, `${PART}${randomUUID()}`);

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
