import type { z } from 'zod';
import { EngineError, type EngineCapacity, type EngineJobSpec } from '../engine.js';
import { mebibytes } from './job.description.js';
import { nodesSchema, partitionsSchema } from './slurm.answers.js';
import type { SlurmConnection } from './slurm.connection.js';

type SlurmNode = z.infer<typeof nodesSchema>['nodes'][number];

const MIB = 1024 ** 2;
/** What machines there are and where is asked again when it is so old. */
const FRESH_MS = 30_000;
/** States in which a machine takes no new jobs. */
const AWAY = ['DOWN', 'DRAIN', 'DRAINED', 'DRAINING', 'FAIL', 'FAILING', 'ERROR', 'UNKNOWN', 'NOT_RESPONDING', 'INVALID_REG', 'INVALID', 'MAINTENANCE', 'POWERED_DOWN_FAILED'];

/** What a cluster has for our jobs. */
export interface ClusterCapacity {
  total: EngineCapacity;
  free: EngineCapacity;
  /** Whether some machine takes jobs. */
  isUp: boolean;
}

/** The machines of the partition that jobs are submitted to. */
export class SlurmCluster {
  #nodes: { nodes: SlurmNode[]; at: number } | undefined;

  constructor(
    private readonly slurm: SlurmConnection,
    private readonly partition: string | undefined,
  ) {}

  /** @throws MISCONFIGURED when there is no such partition, and the faults of every call */
  async capacity(signal: AbortSignal): Promise<ClusterCapacity> {
    this.#nodes = undefined;
    const nodes = await this.#machines(signal);
    const up = nodes.filter((node) => !isAway(node));
    const sum = (amount: (node: SlurmNode) => number) => up.reduce((total, node) => total + amount(node), 0);
    const total = { cpus: sum(({ cpus }) => cpus ?? 0), memoryBytes: sum(({ real_memory: memory }) => memory ?? 0) * MIB, gpus: sum(({ gres }) => gpusIn(gres)) };
    const used = { cpus: sum(({ alloc_cpus: cpus }) => cpus ?? 0), memoryBytes: sum(({ alloc_memory: memory }) => memory ?? 0) * MIB, gpus: sum(({ gres_used: gres }) => gpusIn(gres)) };
    const free = { cpus: Math.max(0, total.cpus - used.cpus), memoryBytes: Math.max(0, total.memoryBytes - used.memoryBytes), gpus: Math.max(0, total.gpus - used.gpus) };
    return { total, free, isUp: up.length > 0 };
  }

  /** Slurm lets some jobs wait for ever that are too large for any machine. @throws INVALID for these */
  async checkFits(spec: EngineJobSpec, signal: AbortSignal): Promise<void> {
    const nodes = await this.#machines(signal);
    if (nodes.length === 0) return;
    const memory = mebibytes(spec.memoryBytes);
    const fits = nodes.some((node) => (node.cpus ?? 0) >= spec.cpus && (node.real_memory ?? 0) >= memory && gpusIn(node.gres, spec.gpuModel) >= spec.gpus);
    const most = (amount: (node: SlurmNode) => number) => Math.max(...nodes.map(amount));
    const asked = `${spec.cpus} processors, ${memory} MiB and ${spec.gpus} GPUs${spec.gpuModel === null ? '' : ` of kind ${spec.gpuModel}`}`;
    const there = `${most((node) => node.cpus ?? 0)} processors, ${most((node) => node.real_memory ?? 0)} MiB and ${most((node) => gpusIn(node.gres, spec.gpuModel))} such GPUs`;
    if (!fits) throw new EngineError('INVALID', `a task asks for ${asked}, and no machine of the cluster has that: at most ${there}`);
    const all = nodes.reduce((sum, node) => sum + (node.cpus ?? 0), 0);
    if (all < spec.cpus * spec.tasks) throw new EngineError('INVALID', `${spec.tasks} tasks ask for ${spec.cpus * spec.tasks} processors together, and the cluster has ${all}`);
  }

  /** Where a machine is reached. */
  async address(name: string, signal: AbortSignal): Promise<string> {
    const found = (nodes: SlurmNode[]) => nodes.find((node) => node.name === name)?.address ?? name;
    // A job is looked at all the same when machines are not told.
    return found(await this.#machines(signal).catch(() => (signal.throwIfAborted(), this.#nodes?.nodes ?? [])));
  }

  async #machines(signal: AbortSignal): Promise<SlurmNode[]> {
    if (this.#nodes && Date.now() - this.#nodes.at < FRESH_MS) return this.#nodes.nodes;
    const [{ nodes }, partition] = await Promise.all([this.slurm.read('/nodes', nodesSchema, 'listing machines', signal), this.#partitionName(signal)]);
    const ours = nodes.filter((node) => partition === undefined || node.partitions?.includes(partition));
    this.#nodes = { nodes: ours, at: Date.now() };
    return ours;
  }

  /** Ours, else the default; undefined where Slurm does not say which is. */
  async #partitionName(signal: AbortSignal): Promise<string | undefined> {
    const { partitions } = await this.slurm.read('/partitions', partitionsSchema, 'listing partitions', signal);
    const { partition: name } = this;
    if (name === undefined) return partitions.find(({ flags }) => flags.includes('DEFAULT'))?.name;
    if (!partitions.some((partition) => partition.name === name)) {
      throw new EngineError('MISCONFIGURED', `Slurm has no partition ${JSON.stringify(name)} (ENGINE_SLURM_PARTITION), only ${partitions.map((partition) => partition.name).join(', ') || 'none at all'}`);
    }
    return name;
  }
}

const isAway = ({ states }: SlurmNode): boolean => states.some((state) => AWAY.includes(state));

/** `gpu:a100:4(S:0-1),gpu:2,shard:8`: a name, perhaps a kind, a number, perhaps more in brackets. */
function gpusIn(gres: string | null, model: string | null = null): number {
  const plain = (gres ?? '').replaceAll(/\([^)]*\)/g, '');
  return plain.split(',').reduce((sum, part) => {
    const [, kind, count] = /^(?:gres\/)?gpu(?::([^:=\d][^:=]*))?[:=](\d+)$/.exec(part.trim()) ?? [];
    return count === undefined || (model !== null && kind !== model) ? sum : sum + Number(count);
  }, 0);
}
