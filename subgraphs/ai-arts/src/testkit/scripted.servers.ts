import { RuntimeFailure, type InferenceRuntime, type ModelMetadata, type Tensor } from '../drivers/runtime/runtime.js';
import type { ModelServers, ServiceRun } from '../inference/model.servers.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder } from '../job/job.folders.js';

const LAUNCH = { argv: ['node', 'worker.js'], environment: {}, readOnly: [], tasks: 1, cpus: 1, gpus: 0, gpuModel: null, memoryBytes: 2 ** 28, timeLimitSeconds: null, network: true };

/** A model that tells dark pictures (class 0) from bright ones (class 1), served as a test says. */
export class ScriptedServers implements ModelServers {
  /** Whether the worker answers. */
  isUp = true;
  /** Whether something is to run on the engine. */
  needsEngine = true;
  /** Called with every picture; what it throws is the runtime's failure. */
  before: (run: ServiceRun, signal: AbortSignal) => Promise<void> | void = () => undefined;
  /** How often it is too busy to tell what it has. */
  busyTimes = 0;
  /** What a worker that has ended has said against its model. */
  refusal: string | undefined;
  /** The runs whose connections were let go of, once for each. */
  readonly closed: string[] = [];
  /** The runs that were spoken to, once for each time that one was opened. */
  readonly opened: string[] = [];
  model: ModelMetadata = { name: 'model', platform: 'onnx_onnxv1', inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }], outputs: [{ name: 'scores', datatype: 'FP32', shape: [-1, 2] }] };

  async prepare(_service: unknown, { work }: JobFolder): Promise<JobLaunch | null> {
    return this.needsEngine ? { ...LAUNCH, workingFolder: work } : null;
  }

  async isReady(): Promise<boolean> {
    return this.isUp;
  }

  async refusalOf(): Promise<string | undefined> {
    return this.refusal;
  }

  async runtimeOf(run: ServiceRun): Promise<InferenceRuntime> {
    this.opened.push(run.runId);
    return {
      ready: async () => this.isUp,
      metadata: async () => {
        if (this.busyTimes-- > 0) throw new RuntimeFailure('BUSY', 'too many requests');
        return this.model;
      },
      infer: async (inputs, signal) => {
        await this.before(run, signal);
        signal.throwIfAborted();
        return [brightness(inputs[0]!)];
      },
      statistics: async () => null,
      close: async () => void this.closed.push(run.runId),
    };
  }
}

function brightness({ data }: Tensor): Tensor {
  const values = data as Float32Array;
  const bright = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { name: 'scores', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1 - bright, bright) };
}
