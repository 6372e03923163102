import { isUuid, mayAccessOwned, preparedSql, waitForChange, type PreparedStatement, type RequestScope } from '@hutong/common';
import { notYours, serviceNotRunning } from '../errors.js';
import type { JobEvents } from '../job/job.events.js';
import { requireJob } from '../job/job.reference.js';
import { hasEnded, JobState } from '../job/job.states.js';
import type { JobStore } from '../job/job.store.js';
import { InferenceService } from './inference.entity.js';
import type { ServedRun } from './model.servers.js';
import type { RequestCounters } from './request.counters.js';

/** How long a request waits for a service that it has woken, when it does not say. */
const WAKE_MS = 20_000;

const { RUNNING, PAUSED } = JobState;
const SERVICE = 'input.serviceId';

/** Asked with every request. */
const FIND_RUNNING: PreparedStatement = {
  name: 'find a running service',
  text: `
    select id, run_id as "runId", host, engine, served_name as "servedName", model_file_set_id as "modelFileSetId", model_file as "modelFile", owner_id as "ownerId"
    from ai_arts.job where id = $1 and kind = 'INFERENCE' and state = 'RUNNING' and deleted_at is null`,
};

/** Lets requests to services that run; wakes those that sleep. */
export class ServiceGate {
  constructor(private readonly parts: { jobs: JobStore; events: JobEvents; counters: RequestCounters }) {}

  /**
   * A service of the caller's that is RUNNING.
   *
   * @param waitMs how long to wait for it; null: for one that sleeps 20 s, for any other not at all
   * @throws JOB_NOT_FOUND, NOT_YOURS, SERVICE_NOT_RUNNING, SERVICE_BUSY when too many wait for it, and for one that sleeps those of `startInferenceService`
   */
  async require(scope: RequestScope, id: string, waitMs: number | null): Promise<ServedRun> {
    const running = await this.#running(scope, id);
    if (running) return running;
    const before = await this.#look(scope, id);
    const isAsleep = before.isAsleep && !hasEnded(before.state);
    const atMostMs = waitMs ?? (isAsleep ? WAKE_MS : 0);
    await this.#wake(scope, before);
    using _place = atMostMs === 0 ? undefined : this.parts.counters.enter(id);
    await waitForChange(this.parts.events, id, { atMostMs, signal: scope.signal }, async () => {
      const service = await this.#look(scope, id);
      await this.#wake(scope, service);
      return service.state === RUNNING || hasEnded(service.state) || (service.state === PAUSED && !service.isAsleep);
    });
    scope.signal.throwIfAborted();
    const after = await this.#look(scope, id);
    if (after.state === RUNNING) return after;
    const { state, stateReason } = after;
    throw serviceNotRunning({ state, reason: stateReason ?? (isAsleep ? `it slept and is being woken; it was not ready after ${atMostMs / 1_000} s, so ask again in a moment` : null) });
  }

  /** The service as it is when it runs or cannot any more, or else after so long. */
  async settled(scope: RequestScope, id: string, atMostMs: number): Promise<InferenceService> {
    await waitForChange(this.parts.events, id, { atMostMs, signal: scope.signal }, async () => {
      const { state } = await this.#look(scope, id);
      return state === RUNNING || state === PAUSED || hasEnded(state);
    });
    return this.#look(scope, id);
  }

  #look(scope: RequestScope, id: string): Promise<InferenceService> {
    return requireJob(InferenceService, scope, id, SERVICE);
  }

  async #running({ em, caller }: RequestScope, id: string): Promise<ServedRun | undefined> {
    const [found] = isUuid(id) ? await preparedSql<ServedRun & { ownerId: string }>(em, FIND_RUNNING, [id]) : [];
    if (found && !mayAccessOwned(caller, found.ownerId)) throw notYours({ field: SERVICE });
    return found;
  }

  async #wake(scope: RequestScope, { id, state, isAsleep }: InferenceService): Promise<void> {
    if (state === PAUSED && isAsleep) await this.parts.jobs.start(scope.caller, id);
  }
}
