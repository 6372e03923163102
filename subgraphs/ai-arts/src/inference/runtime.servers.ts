import type { InferenceRuntime } from '../drivers/runtime/runtime.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder } from '../job/job.folders.js';
import type { InferenceService } from './inference.entity.js';
import type { ModelServers, ServiceRun } from './model.servers.js';

/** The servers of every runtime: each service keeps to the one that it was made with, whatever the setting says by now. */
export class RuntimeServers implements ModelServers {
  constructor(private readonly byRuntime: { onnx: ModelServers; oip: ModelServers }) {}

  prepare(service: InferenceService, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch | null> {
    return this.#of(service).prepare(service, folder, signal);
  }

  isReady(run: ServiceRun, signal: AbortSignal): Promise<boolean> {
    return this.#of(run).isReady(run, signal);
  }

  runtimeOf(run: ServiceRun): Promise<InferenceRuntime | undefined> {
    return this.#of(run).runtimeOf(run);
  }

  async refusalOf(run: ServiceRun): Promise<string | undefined> {
    return this.#of(run).refusalOf?.(run);
  }

  async sweep(): Promise<void> {
    for (const servers of Object.values(this.byRuntime)) await servers.sweep?.();
  }

  #of({ engine }: Pick<InferenceService, 'engine'>): ModelServers {
    return engine === 'oip' ? this.byRuntime.oip : this.byRuntime.onnx;
  }
}
