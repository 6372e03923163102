import type { Log } from '@hutong/common';
import type { EntityManager, FilterQuery } from '@mikro-orm/postgresql';
import type { EngineJobReference } from '../drivers/engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { Job } from './job.entity.js';
import type { JobObserver } from './job.observer.js';
import { JobState } from './job.states.js';

interface WatcherParts {
  fork: () => EntityManager;
  engine: Engine;
  observer: JobObserver;
  referenceOf: (job: Job) => EngineJobReference;
  /** Called when the engine may have room for more. */
  onNews: () => void;
  log: Log;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Looking takes at most one part in so many of the time, however many jobs there are. */
const SHARE = 20;
const LOOK_TIMEOUT_MS = 20_000;
const AT_ONCE = 1_000;
const OBSERVED_AT_ONCE = 8;

const WATCHED: FilterQuery<Job> = { errand: null, isStaged: true, state: { $in: [JobState.QUEUED, JobState.SCHEDULING, JobState.RUNNING, JobState.KILLING, JobState.PAUSING] } };

/**
 * Looks at the jobs that the engine has: at once at those that it speaks of by itself, and, many with one request, at all
 * of them as long as there are any; often while something happens, seldom while nothing does.
 */
export class JobWatcher {
  readonly #parts: WatcherParts;
  readonly #heard = new Set<string>();
  readonly #stopListening: () => void;
  #hearing: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  /** It was woken since the look under way began, which may have missed what for. */
  #again = false;
  readonly #stop = new AbortController();

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    this.#stopListening = parts.engine.isConfigured ? parts.engine.driver.onChange((runId) => this.hear(runId)) : () => undefined;
  }

  /** The engine may have something to say about a run: it is looked at right away, with others that are heard of meanwhile. */
  hear(runId: string): void {
    if (this.#stop.signal.aborted) return;
    this.#heard.add(runId);
    this.#hearing ??= this.#lookAtHeard()
      .catch((err: unknown) => this.#warn(err))
      .finally(() => {
        this.#hearing = undefined;
        this.wake(FIRST_PAUSE_MS);
      });
  }

  /** There may be jobs on the engine: looks soon, and until none is left. */
  wake(pauseMs = FIRST_PAUSE_MS): void {
    if (this.#stop.signal.aborted) return;
    this.#again = true;
    if (this.#looking) return;
    // What wakes it all the time must not put it off all the time.
    const due = performance.now() + pauseMs;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#begin(pauseMs), pauseMs);
    this.#timer.unref();
  }

  /** Compares all jobs that the engine should have with what it says of them. */
  async compareAll(): Promise<void> {
    await this.#lookAt(WATCHED);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    this.#stopListening();
    clearTimeout(this.#timer);
    await Promise.all([this.#looking, this.#hearing]);
  }

  #begin(pauseMs: number): void {
    this.#due = Infinity;
    this.#looking = this.#lookAndGoOn(pauseMs);
  }

  async #lookAndGoOn(pauseMs: number): Promise<void> {
    const begun = performance.now();
    let nextMs: number | undefined = LONGEST_PAUSE_MS;
    this.#again = false;
    try {
      const { looked, isMoving } = await this.#lookAt(WATCHED);
      const restMs = (performance.now() - begun) * SHARE;
      nextMs = looked === 0 ? undefined : Math.max(isMoving ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS), restMs);
    } catch (err) {
      this.#warn(err);
    }
    this.#looking = undefined;
    nextMs ??= this.#again ? FIRST_PAUSE_MS : undefined;
    if (nextMs !== undefined) this.wake(nextMs);
  }

  async #lookAtHeard(): Promise<void> {
    while (this.#heard.size > 0 && !this.#stop.signal.aborted) {
      const runIds = [...this.#heard];
      this.#heard.clear();
      await this.#lookAt({ $and: [WATCHED, { runId: { $in: runIds } }] });
    }
  }

  async #lookAt(which: FilterQuery<Job>): Promise<{ looked: number; isMoving: boolean }> {
    const { fork, engine, referenceOf } = this.#parts;
    const jobs = await fork().find(Job, which, { orderBy: { createdAt: 'asc' } });
    let isMoving = false;
    for (let from = 0; from < jobs.length && !this.#stop.signal.aborted; from += AT_ONCE) {
      const chunk = jobs.slice(from, from + AT_ONCE);
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
      const views = await engine.driver.look(chunk.map(referenceOf), signal);
      isMoving = (await this.#observe(chunk, views, signal)) || isMoving;
    }
    if (isMoving) this.#parts.onNews();
    return { looked: jobs.length, isMoving };
  }

  /** Whether any of them is on its way from one state to another. */
  async #observe(jobs: readonly Job[], views: Awaited<ReturnType<Engine['driver']['look']>>, signal: AbortSignal): Promise<boolean> {
    const places = views.keys();
    let isMoving = false;
    const inTurn = async (): Promise<void> => {
      for (const place of places) {
        if (this.#stop.signal.aborted) return;
        const job = jobs[place]!;
        const isNews = await this.#parts.observer.observe(views[place]!, job, signal);
        isMoving ||= isNews || job.state === JobState.SCHEDULING || job.state === JobState.KILLING || job.state === JobState.PAUSING;
      }
    };
    await Promise.all(Array.from({ length: OBSERVED_AT_ONCE }, inTurn));
    return isMoving;
  }

  #warn(err: unknown): void {
    if (!this.#stop.signal.aborted) this.#parts.log.warn({ err }, 'the engine could not be asked how its jobs are');
  }
}
