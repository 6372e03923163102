import { createHmac, hkdfSync } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { sql } from '@hutong/common';
import { OipClient } from '../drivers/runtime/oip.client.js';
import { TOKEN_VARIABLE } from '../drivers/runtime/onnx/environment.js';
import { readPort, readRefusal } from '../drivers/runtime/onnx/worker.address.js';
import { argumentsOf } from '../drivers/runtime/onnx/worker.options.js';
import type { StagedRuntime } from '../drivers/runtime/onnx/staged.runtime.js';
import type { InferenceRuntime } from '../drivers/runtime/runtime.js';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FileSets } from '../files/file-sets.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder, JobFolders } from '../job/job.folders.js';
import { deviceOf } from '../training/training.device.js';
import type { InferenceService } from './inference.entity.js';
import type { ModelServers, ServiceRun } from './model.servers.js';
import { answersReady } from './ready.probe.js';

interface OnnxParts {
  fork: () => EntityManager;
  /** What the tokens are made of. */
  secret: string;
  folders: JobFolders;
  files: FileSets;
  /** Brings the worker program to where jobs may run it. */
  runtime: StagedRuntime;
  /** Whether jobs run on this machine, so that nobody else need reach them. */
  isOnThisMachine: () => boolean;
}

const READ_BY_SERVICES = `
  select distinct json_array_elements_text(launch -> 'readOnly') as folder from ai_arts.job
  where kind = 'INFERENCE' and launch is not null and state not in ('FINISHED', 'FAILED', 'ERROR', 'KILLED')`;
const KEY_BYTES = 32;
const NAME = 'model';

/** Workers of ours on the engine, one for each service. */
export class OnnxServers implements ModelServers {
  readonly #parts: OnnxParts;
  readonly #key: Buffer;

  constructor(parts: OnnxParts) {
    this.#parts = parts;
    this.#key = Buffer.from(hkdfSync('sha256', parts.secret, '', 'hutong inference', KEY_BYTES));
  }

  async prepare(service: InferenceService, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch> {
    const { files, runtime, isOnThisMachine } = this.#parts;
    const [staged, worker] = await Promise.all([files.stage(service.modelFileSetId, signal), runtime.stage()]);
    const addressFile = this.#addressFile(service);
    await mkdir(path.dirname(addressFile), { recursive: true });
    return {
      argv: ['node', worker.program, ...argumentsOf({ model: path.join(staged, service.modelFile), name: NAME, addressFile, host: isOnThisMachine() ? '127.0.0.1' : '0.0.0.0', threads: service.deviceNum })],
      environment: { [TOKEN_VARIABLE]: this.#tokenOf(service) },
      workingFolder: folder.work,
      readOnly: [staged, worker.folder],
      tasks: 1,
      ...deviceOf(service),
      memoryBytes: service.memoryBytes,
      timeLimitSeconds: null,
      network: true,
    };
  }

  async isReady(run: ServiceRun, signal: AbortSignal): Promise<boolean> {
    const runtime = await this.runtimeOf(run);
    return runtime !== undefined && answersReady(runtime, signal);
  }

  async runtimeOf(run: ServiceRun): Promise<InferenceRuntime | undefined> {
    const host = this.#parts.isOnThisMachine() ? '127.0.0.1' : run.host;
    const port = await readPort(this.#addressFile(run));
    if (host === null || port === undefined) return undefined;
    return new OipClient({ address: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, model: NAME, token: this.#tokenOf(run) });
  }

  refusalOf(run: ServiceRun): Promise<string | undefined> {
    return readRefusal(this.#addressFile(run));
  }

  /** Removes worker programs of other versions that no service uses any more. */
  async sweep(): Promise<void> {
    const inUse = await sql<{ folder: string }>(this.#parts.fork(), READ_BY_SERVICES);
    await this.#parts.runtime.sweep(inUse.map(({ folder }) => folder));
  }

  /** Every run has a place of its own, so that nobody asks a worker that is gone. */
  #addressFile({ id, runId }: Pick<ServiceRun, 'id' | 'runId'>): string {
    return path.join(this.#parts.folders.of({ id }).path, 'worker', `${runId}.json`);
  }

  /** What the worker of a run wants to see of whoever asks it; only this process and the run itself know it. */
  #tokenOf({ runId }: Pick<ServiceRun, 'runId'>): string {
    return createHmac('sha256', this.#key).update(runId).digest('hex');
  }
}
