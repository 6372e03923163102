import type { EngineCapacity } from '../engine.js';
import { fits, needsOf, type HostCapacity, type HostGpu, type JobNeeds } from './host.capacity.js';
import { ENDED, JobFolder, jobIds, KEEPER } from './job.folder.js';

interface Place {
  needs: JobNeeds;
  gpus: readonly string[];
}

/** What started jobs take of the host. */
export class TakenPlaces {
  private readonly places = new Map<string, Place>();

  constructor(private readonly capacity: HostCapacity) {}

  /** What the folders of jobs tell, for who does not run the queue. */
  static async read(jobs: string, capacity: HostCapacity): Promise<TakenPlaces> {
    const taken = new TakenPlaces(capacity);
    await Promise.all(
      (await jobIds(jobs)).map(async (id) => {
        const folder = new JobFolder(jobs, id);
        const names = await folder.names();
        if (!names?.has(KEEPER) || names.has(ENDED)) return;
        const [record, kept] = await Promise.all([folder.spec(), folder.keeper()]);
        if (record && kept) taken.take(id, needsOf(record.spec), kept.gpus);
      }),
    );
    return taken;
  }

  get size(): number {
    return this.places.size;
  }

  has(id: string): boolean {
    return this.places.has(id);
  }

  ids(): string[] {
    return [...this.places.keys()];
  }

  take(id: string, needs: JobNeeds, gpus: readonly string[]): void {
    this.places.set(id, { needs, gpus });
  }

  release(id: string): void {
    this.places.delete(id);
  }

  async free(): Promise<EngineCapacity> {
    const total = await this.capacity.total();
    const { cpus, memoryBytes, gpus } = this.sum();
    return { cpus: Math.max(0, total.cpus - cpus), memoryBytes: Math.max(0, total.memoryBytes - memoryBytes), gpus: Math.max(0, total.gpus - gpus) };
  }

  /** The GPUs that a job would get, none where it wants none; null when there is not enough of something. */
  async room(needs: JobNeeds): Promise<readonly HostGpu[] | null> {
    const free = await this.free();
    const gpus = await this.freeGpus(needs.gpuModel);
    return needs.cpus <= free.cpus && needs.memoryBytes <= free.memoryBytes && needs.gpus <= gpus.length ? gpus.slice(0, needs.gpus) : null;
  }

  /** What is missing, for people. */
  async shortage(needs: JobNeeds): Promise<string> {
    const free = await this.free();
    if (needs.cpus > free.cpus) return `it waits for ${needs.cpus} processors; ${free.cpus} are free`;
    if (needs.memoryBytes > free.memoryBytes) return `it waits for ${mib(needs.memoryBytes)} of memory; ${mib(free.memoryBytes)} are free`;
    const gpus = await this.freeGpus(needs.gpuModel);
    return needs.gpus > gpus.length ? `it waits for ${needs.gpus} GPUs; ${gpus.length} are free` : 'it is about to start';
  }

  async gpusOf(id: string): Promise<readonly HostGpu[]> {
    const { gpus } = this.places.get(id)!;
    return (await this.capacity.gpus()).filter((gpu) => gpus.includes(gpu.id));
  }

  private async freeGpus(model: string | null): Promise<HostGpu[]> {
    const taken = new Set([...this.places.values()].flatMap(({ gpus }) => gpus));
    return (await this.capacity.gpus()).filter((gpu) => !taken.has(gpu.id) && fits(gpu, model));
  }

  private sum(): EngineCapacity {
    const sum = { cpus: 0, memoryBytes: 0, gpus: 0 };
    for (const { needs, gpus } of this.places.values()) {
      sum.cpus += needs.cpus;
      sum.memoryBytes += needs.memoryBytes;
      sum.gpus += gpus.length;
    }
    return sum;
  }
}

const MIB = 1024 ** 2;
const mib = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`;
