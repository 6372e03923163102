import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { EngineError, type EngineCapacity, type EngineJobSpec } from '../engine.js';
import type { LocalEngineSettings } from './local.settings.js';

const run = promisify(execFile);
const ASK_MS = 20_000;
const MIB = 1024 ** 2;

/** A GPU of this host. */
export interface HostGpu {
  /** As CUDA_VISIBLE_DEVICES takes it. */
  id: string;
  /** Its number, as in `/dev/nvidia0`. */
  index: number;
  model: string;
}

/** What a job takes of the host, all tasks together. */
export interface JobNeeds {
  cpus: number;
  memoryBytes: number;
  gpus: number;
  gpuModel: string | null;
}

/** What there is on this host for jobs. */
export class HostCapacity {
  readonly cpus: number;
  readonly memoryBytes: number;
  private found: Promise<readonly HostGpu[]> | undefined;

  constructor(private readonly settings: LocalEngineSettings) {
    this.cpus = settings.cpus ?? availableParallelism();
    this.memoryBytes = settings.memoryBytes ?? Math.floor(0.8 * Math.min(process.constrainedMemory() || Infinity, totalmem()));
  }

  /** The GPUs that nvidia-smi lists; none where it is not installed. Asked once. */
  gpus(): Promise<readonly HostGpu[]> {
    this.found ??= findGpus(this.settings.searchPath);
    return this.found;
  }

  async total(): Promise<EngineCapacity> {
    return { cpus: this.cpus, memoryBytes: this.memoryBytes, gpus: (await this.gpus()).length };
  }

  /** INVALID, with what there is, when this host can never run the job. */
  async check(spec: EngineJobSpec): Promise<void> {
    const needs = needsOf(spec);
    const refuse = (wanted: string, there: string) => new EngineError('INVALID', `the job asks for ${wanted}, and this host has ${there}`);
    if (needs.cpus > this.cpus) throw refuse(`${needs.cpus} processors`, String(this.cpus));
    if (needs.memoryBytes > this.memoryBytes) throw refuse(`${mib(needs.memoryBytes)} of memory`, mib(this.memoryBytes));
    const gpus = (await this.gpus()).filter((gpu) => fits(gpu, needs.gpuModel));
    if (needs.gpus > gpus.length) throw refuse(needs.gpuModel === null ? `${needs.gpus} GPUs` : `${needs.gpus} GPUs of the kind ${needs.gpuModel}`, String(gpus.length));
  }
}

export const needsOf = ({ tasks, cpus, memoryBytes, gpus, gpuModel }: EngineJobSpec): JobNeeds => ({ cpus: tasks * cpus, memoryBytes: tasks * memoryBytes, gpus: tasks * gpus, gpuModel });

/** Whether the GPU is of the kind asked for: `a100` fits `NVIDIA A100-SXM4-40GB`. */
export const fits = (gpu: HostGpu, model: string | null): boolean => model === null || gpu.model.toLowerCase().includes(model.toLowerCase());

const mib = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`;

async function findGpus(searchPath: string): Promise<HostGpu[]> {
  try {
    const { stdout } = await run('nvidia-smi', ['--query-gpu=index,uuid,name', '--format=csv,noheader'], { env: { PATH: searchPath, LC_ALL: 'C' }, timeout: ASK_MS });
    return stdout
      .split('\n')
      .map((line) => line.split(', '))
      .filter((fields) => fields.length >= 3)
      .map(([index, id, ...model]) => ({ index: Number(index), id: id!, model: model.join(', ') }));
  } catch {
    return [];
  }
}
