import type { InferenceRuntime } from '../drivers/runtime/runtime.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder } from '../job/job.folders.js';
import type { InferenceService } from './inference.entity.js';

/** A run of a service, and the machine it is on. */
export type ServiceRun = Pick<InferenceService, 'id' | 'runId' | 'host' | 'engine' | 'servedName'>;

/** The same with the model that it serves. */
export type ServedRun = ServiceRun & Pick<InferenceService, 'modelFileSetId' | 'modelFile'>;

/** What serves models: workers of ours on the engine, or an inference server of the site. */
export interface ModelServers {
  /**
   * Brings what serves a model to where it will run, and tells how it is started; null: it runs already.
   *
   * @throws BAD_INPUT when the model cannot become a service, PATH_MISSING, STORE_UNAVAILABLE, STORE_FULL, INFERENCE_FAILED while a server of the site does not serve it
   */
  prepare(service: InferenceService, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch | null>;

  /** Whether what serves a run answers; within a second. */
  isReady(run: ServiceRun, signal: AbortSignal): Promise<boolean>;

  /** What speaks to it; undefined as long as it is not known where it listens. */
  runtimeOf(run: ServiceRun): Promise<InferenceRuntime | undefined>;

  /** Why a worker that has ended can never serve its model, as it has said; undefined when it has not. */
  refusalOf?(run: ServiceRun): Promise<string | undefined>;

  /** Removes what no service uses any more; called once a minute. */
  sweep?(): Promise<void>;
}
