import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  EngineError,
  type EngineCapacity,
  type EngineDriver,
  type EngineJobReference,
  type EngineJobSpec,
  type EngineJobView,
  type EngineOptions,
  type EngineReadiness,
  type LogChunk,
  type LogPart,
  type OwnedJob,
} from '../engine.js';
import { ChangeFeed } from './change.feed.js';
import { takeLock } from './engine.lock.js';
import { HostCapacity } from './host.capacity.js';
import { ENDED, JobFolder, jobIds } from './job.folder.js';
import { JobHost } from './job.host.js';
import { JobQueue } from './job.queue.js';
import { checkSpec, isJobId } from './job.spec.js';
import { translated } from './local.faults.js';
import type { LocalEngineSettings } from './local.settings.js';
import { TakenPlaces } from './taken.places.js';
import { readLog } from './task.log.js';

/** The engine's folder below the data folder. */
const FOLDER = path.join('ai-arts', 'engine');
const LOCK = '.queue.lock';
const CHANGES = '.changes';
const QUEUE_AGAIN_MS = 5_000;

/**
 * Jobs on this host. All that the engine remembers is a folder of each job's id in `ai-arts/engine` below the data folder. Any
 * number of processes may work on it; the one that has the lock starts jobs. Each job has a keeper, a process of its own that
 * goes on without us and writes down how the job ended.
 */
export class LocalEngineDriver implements EngineDriver {
  readonly name = 'local';
  private readonly closing = new AbortController();
  private queue: JobQueue | undefined;
  private readonly queueing: Promise<void>;
  private lastOrder = 0;

  private constructor(
    private readonly settings: LocalEngineSettings,
    private readonly options: EngineOptions,
    private readonly jobs: string,
    private readonly capacity: HostCapacity,
    private readonly host: JobHost,
    private readonly feed: ChangeFeed,
  ) {
    this.queueing = this.keepQueue();
  }

  /** Opens the engine of a data folder. */
  static async open(settings: LocalEngineSettings, options: EngineOptions): Promise<LocalEngineDriver> {
    await mkdir(path.join(settings.dataDirectory, FOLDER), { recursive: true });
    const dataDirectory = await realpath(settings.dataDirectory);
    const jobs = path.join(dataDirectory, FOLDER);
    const feed = new ChangeFeed(path.join(jobs, CHANGES));
    await feed.open();
    return new LocalEngineDriver(settings, options, jobs, new HostCapacity(settings), new JobHost({ ...settings, dataDirectory }, jobs), feed);
  }

  status(signal: AbortSignal): Promise<EngineReadiness> {
    return translated(signal, async () => {
      const total = await this.capacity.total();
      const free = await this.freeNow();
      try {
        return { ready: true, ...(await this.host.readiness()), total, free };
      } catch (error) {
        return { ready: false, message: (error as Error).message, isolated: false, total, free };
      }
    });
  }

  submit(spec: EngineJobSpec, signal: AbortSignal): Promise<{ engineId: string }> {
    return translated(signal, async () => {
      checkSpec(spec);
      const folder = this.folder(spec.id);
      if (!(await folder.names())) {
        await this.host.readiness();
        await this.capacity.check(spec);
        if (this.queue && this.queue.size >= this.settings.mostJobs) throw new EngineError('QUOTA', `${this.settings.mostJobs} jobs wait or run on this host, which is the most (ENGINE_LOCAL_JOBS)`);
        await folder.make({ spec, installation: this.options.installation, order: this.nextOrder() });
      }
      if (this.queue) void this.queue.hear(spec.id);
      else await this.feed.touch(spec.id);
      return { engineId: spec.id };
    });
  }

  look(jobs: readonly EngineJobReference[], signal: AbortSignal): Promise<EngineJobView[]> {
    return translated(signal, () =>
      Promise.all(
        jobs.map(async ({ id }) => this.folder(id).view(this.queue?.isStarting(id) ?? false, (await this.queue?.whyWaiting(id)) ?? 'it waits for its turn')),
      ),
    );
  }

  onChange(heard: (id: string) => void): () => void {
    return this.feed.listen(heard);
  }

  log({ id, folder, tasks }: EngineJobReference, part: LogPart, signal: AbortSignal): Promise<LogChunk> {
    return translated(signal, async () => {
      if (part.task >= tasks) throw new EngineError('NOT_FOUND', `the job has no task ${part.task}`);
      const chunk = await readLog(folder, part);
      if (chunk) return chunk;
      if (!(await this.folder(id).names())) throw new EngineError('NOT_FOUND', 'the engine has no log of this job');
      return { bytes: new Uint8Array(), sizeBytes: 0 };
    });
  }

  stop({ id }: EngineJobReference, graceSeconds: number, signal: AbortSignal): Promise<void> {
    return translated(signal, async () => {
      const folder = this.folder(id);
      const names = await folder.names();
      if (!names || names.has(ENDED)) return;
      await folder.stop(Date.now() + graceSeconds * 1_000);
      // One that waits has ended when this has been heard.
      if (this.queue) await this.queue.hear(id);
      else await this.feed.touch(id);
    });
  }

  forget({ id }: EngineJobReference, signal: AbortSignal): Promise<void> {
    return translated(signal, async () => {
      const folder = this.folder(id);
      const names = await folder.names();
      if (!names) return;
      if (!names.has(ENDED)) throw new EngineError('CONFLICT', 'the job has not ended');
      await folder.remove();
      await this.feed.forget(id);
    });
  }

  listOurs(signal: AbortSignal): Promise<OwnedJob[]> {
    return translated(signal, async () => {
      const found = await Promise.all((await jobIds(this.jobs)).map((id) => this.owned(this.folder(id))));
      return found.filter((job) => job !== null);
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.queueing;
    this.feed.close();
  }

  private async owned(folder: JobFolder): Promise<OwnedJob | null> {
    const [record, names] = await Promise.all([folder.spec(), folder.names()]);
    if (record?.installation !== this.options.installation) return null;
    return { id: folder.id, engineId: folder.id, hasEnded: names?.has(ENDED) ?? true, submittedAt: new Date(record.order / 1_000) };
  }

  /** Has the queue whenever the lock can be had, until the driver is closed. */
  private async keepQueue(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        await this.runQueue(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.options.log.warn({ err: error }, 'the queue of jobs on this host could not be opened; it is tried again');
        await delay(QUEUE_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async runQueue(signal: AbortSignal): Promise<void> {
    await using _lock = await takeLock(path.join(this.jobs, LOCK), signal);
    const queue = new JobQueue(this.jobs, this.capacity, this.host, this.feed, this.options.log);
    await queue.open();
    this.queue = queue;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await queue.close();
  }

  /** What running jobs leave of the host, also where another process has the queue. */
  private async freeNow(): Promise<EngineCapacity> {
    return this.queue ? this.queue.free() : (await TakenPlaces.read(this.jobs, this.capacity)).free();
  }

  /** Later jobs have higher ones, also those of another process as far as its clock is ours. */
  private nextOrder(): number {
    const now = Math.round((performance.timeOrigin + performance.now()) * 1_000);
    this.lastOrder = Math.max(now, this.lastOrder + 1);
    return this.lastOrder;
  }

  private folder(id: string): JobFolder {
    if (!isJobId(id)) throw new EngineError('INVALID', 'the id of a job is 1 to 36 letters, digits and hyphens, not a hyphen first');
    return new JobFolder(this.jobs, id);
  }
}
