import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { EngineJobView } from '../drivers/engine/engine.js';
import type { Job } from './job.entity.js';
import type { JobKinds } from './job.kind.js';
import { JobRows } from './job.rows.js';
import { JobState } from './job.states.js';

const { QUEUED, SCHEDULING, RUNNING, FINISHED, FAILED, ERROR, KILLED } = JobState;
/** Nobody has asked for these ends. */
const ENDED_BY_ITSELF: readonly JobState[] = [FINISHED, FAILED, ERROR];

/** So often a job is submitted again that the engine lost before it was begun. */
const MOST_LOSSES = 3;
const LOST = 'the engine lost it before it was begun';

interface Outcome {
  state: JobState;
  reason: string | null;
  /** It is not begun again. */
  isFinal?: boolean;
}

/** Takes over what the engine says of jobs that nothing is being asked for. */
export class JobObserver {
  constructor(private readonly parts: { rows: JobRows; kinds: JobKinds }) {}

  /**
   * @param before the job as it was before the engine was asked; what is said of one that has changed since is old, and left
   * @returns whether anything was news
   */
  async observe(view: EngineJobView, before: Job, signal: AbortSignal): Promise<boolean> {
    const outcome = await this.#outcomeOf(view, before, signal);
    if (outcome === undefined || (outcome.state === before.state && outcome.reason === before.stateReason && before.engineId === (view.engineId ?? before.engineId))) return false;
    const changed = await this.parts.rows.changeIfThere(before.id, async (tx, job) => {
      const isOld = job.runId !== before.runId || job.state !== before.state || job.errand !== null || job.losses !== before.losses;
      if (isOld) return false;
      if (isToBeSubmittedAgain(view, job)) await this.parts.rows.submitAgain(tx, job, `${LOST}; it is submitted again`);
      else await this.#enter(tx, job, outcome, view);
      return true;
    });
    return changed ?? false;
  }

  async #enter(tx: EntityManager, job: Job, { state, reason, isFinal = false }: Outcome, view: EngineJobView): Promise<void> {
    const hasStopped = view.state === 'ENDED' || view.state === 'GONE';
    Object.assign(job, { stateReason: reason, engineId: view.engineId ?? job.engineId, host: view.host ?? job.host, startedAt: view.startedAt ?? (state === RUNNING ? (job.startedAt ?? new Date()) : job.startedAt) });
    if (!hasStopped) {
      await this.parts.rows.become(tx, job, state);
      // What runs of it is of no use.
      return isFinal ? this.parts.rows.ask(tx, job, 'STOP') : undefined;
    }
    Object.assign(job, { exitCode: view.exitCode, endedAt: view.endedAt ?? new Date(), host: null });
    const again = !isFinal && ENDED_BY_ITSELF.includes(state) ? this.parts.kinds.of(job).again?.(job) : undefined;
    await (again ? this.parts.rows.startAgain(tx, job, randomUUID(), again) : this.parts.rows.ended(tx, job, state));
  }

  /** The state that a job is to enter by what the engine says; undefined: it stays as it is. */
  async #outcomeOf(view: EngineJobView, job: Job, signal: AbortSignal): Promise<Outcome | undefined> {
    const halted = JobRows.haltedAs(job.state);
    const hasStopped = view.state === 'ENDED' || view.state === 'GONE';
    if (hasStopped) return halted === undefined ? ((await this.#refusalOf(view, job, signal)) ?? endOf(view, job)) : { state: halted, reason: null };
    if (halted !== undefined) return undefined;
    if (view.state === 'QUEUED') return { state: QUEUED, reason: view.reason };
    if (view.state === 'SCHEDULING') return { state: SCHEDULING, reason: view.reason };
    // What was ready once is not asked again.
    if (job.state === RUNNING) return { state: RUNNING, reason: null };
    const isReady = (await this.parts.kinds.of(job).isReady?.(job, view, signal)) ?? true;
    if (!isReady) return { state: SCHEDULING, reason: null };
    return (await this.#refusalOf(view, job, signal)) ?? { state: RUNNING, reason: null };
  }

  async #refusalOf(view: EngineJobView, job: Job, signal: AbortSignal): Promise<Outcome | undefined> {
    const reason = await this.parts.kinds.of(job).refusal?.(job, view, signal);
    return reason === undefined ? undefined : { state: FAILED, reason, isFinal: true };
  }
}

/** What has begun, or may have, is never run a second time unasked. */
function isToBeSubmittedAgain({ state, neverBegun }: EngineJobView, job: Job): boolean {
  return state === 'GONE' && neverBegun && job.startedAt === null && job.losses < MOST_LOSSES && JobRows.haltedAs(job.state) === undefined;
}

function endOf({ state, neverBegun, end, exitCode, signal, reason }: EngineJobView, { losses }: Job): Outcome {
  if (state === 'GONE' && neverBegun && losses >= MOST_LOSSES) return { state: ERROR, reason: `${LOST}, ${losses + 1} times` };
  if (state === 'GONE') return { state: ERROR, reason: reason ?? 'the engine does not know it any more' };
  switch (end) {
    case 'EXITED':
      return exitCode === 0 ? { state: FINISHED, reason: null } : { state: FAILED, reason: reason ?? `it ended with exit code ${exitCode}` };
    case 'STOPPED':
      return { state: KILLED, reason: reason ?? 'it was ended on the engine' };
    case 'TIME_LIMIT':
      return { state: FAILED, reason: reason ?? 'it went beyond its time limit' };
    case 'MEMORY':
      return { state: FAILED, reason: reason ?? 'it went beyond its memory' };
    case 'SIGNALLED':
      return { state: FAILED, reason: reason ?? `it was ended by ${signal ?? 'a signal'}` };
    default:
      return { state: ERROR, reason: reason ?? 'the engine lost it, and does not say why' };
  }
}
