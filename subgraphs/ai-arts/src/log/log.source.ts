import type { EntityManager } from '@mikro-orm/postgresql';
import { EngineError, type EngineJobReference, type LogChunk } from '../drivers/engine/engine.js';
import { shownEngineFailure } from '../engine/engine.failure.js';
import type { Engine } from '../engine/engine.js';
import { Job } from '../job/job.entity.js';
import { hasEnded } from '../job/job.states.js';

const READ_TIMEOUT_MS = 20_000;
const NOTHING: LogChunk = { bytes: new Uint8Array(), sizeBytes: 0 };

/** What one task of a job has written, as the engine keeps it. */
export interface LogSource {
  /** Tells the logs of different runs and tasks apart. */
  readonly key: string;
  /** Whether nothing will be written any more. */
  readonly isClosed: boolean;
  /** Bytes from an offset on; none before the job has run. @throws ENGINE_UNAVAILABLE */
  read(from: number, most: number, signal: AbortSignal): Promise<LogChunk>;
}

/** The logs of jobs. */
export class JobLogs {
  constructor(private readonly parts: { fork: () => EntityManager; engine: Engine; referenceOf: (job: Job) => EngineJobReference }) {}

  /** The log of a job, which may be followed from before its run begins. */
  of(job: Job, task: number): LogSource {
    const { fork, engine, referenceOf } = this.parts;
    let known = job;
    const read: LogSource['read'] = async (from, most, signal) => {
      if (!engine.isConfigured) return NOTHING;
      if (known.engineId === null) known = (await fork().findOne(Job, { id: job.id, runId: job.runId })) ?? known;
      return known.isStaged ? this.#read(referenceOf(known), { task, from, most }, signal) : NOTHING;
    };
    return { key: `${job.runId}/${task}`, isClosed: hasEnded(job.state), read };
  }

  async #read(reference: EngineJobReference, part: { task: number; from: number; most: number }, signal: AbortSignal): Promise<LogChunk> {
    try {
      return await this.parts.engine.driver.log(reference, part, AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]));
    } catch (error) {
      // It waits for its turn on the engine, or has left nothing.
      if (error instanceof EngineError && error.fault === 'NOT_FOUND') return NOTHING;
      throw shownEngineFailure(error);
    }
  }
}
