import type { Tensor } from './protocol/tensor.js';

export type { Datatype, Tensor, TensorData } from './protocol/tensor.js';

/** An input or output of a model. */
export interface TensorMetadata {
  name: string;
  /** As the server names it; one that {@link Tensor} does not have can be neither sent nor read. */
  datatype: string;
  /** -1: any. */
  shape: readonly number[];
}

export interface ModelMetadata {
  name: string;
  /** What kind of model it is, such as `onnx_onnxv1`. */
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
}

/** What a server has counted since it serves the model. Null: it does not tell. */
export interface RuntimeStatistics {
  /** Requests that were answered with outputs. */
  succeeded: number;
  /** Requests that were not, though the model was asked. */
  failed: number;
  /** Requests that were refused because too many waited. */
  rejected: number | null;
  /** Runs of the model; fewer than requests where they were joined. */
  executions: number;
  /** Requests that wait for their turn now. */
  queueLength: number | null;
  /** From the arrival of a request to its answer, in milliseconds: the mean of all, and percentiles of the latest. */
  latencyMs: { mean: number | null; p50: number | null; p95: number | null; p99: number | null };
}

/**
 * Speaks the Open Inference Protocol (version 2, over HTTP) to one model at one address; how that is served, and where, is of no
 * matter here. Every failure is a {@link RuntimeFailure}; when `signal` aborts, the call rejects with the signal's reason.
 * Calls may run at the same time.
 */
export interface InferenceRuntime {
  /** Whether the model can be asked now; false also where nobody answers. Never rejects but for `signal`. */
  ready(signal: AbortSignal): Promise<boolean>;

  /** What the model wants and gives. Faults: GONE, FAILED. */
  metadata(signal: AbortSignal): Promise<ModelMetadata>;

  /** All outputs of the model for these inputs. May be repeated: it changes nothing. Faults: all. */
  infer(inputs: readonly Tensor[], signal: AbortSignal): Promise<Tensor[]>;

  /** What the server has counted; null where it counts nothing. Faults: GONE, FAILED. */
  statistics(signal: AbortSignal): Promise<RuntimeStatistics | null>;

  /** Lets go of connections. May be called again; no other call may follow. */
  close(): Promise<void>;
}

/**
 * | fault | meaning | repeat the call? |
 * |---|---|---|
 * | BUSY | too many requests wait already; `retryAfterSeconds` may say for how long | later |
 * | GONE | nobody answers, or the answer was cut off or did not come in time | when the model is ready again |
 * | REFUSED | the inputs are not what the model takes; the message names what is wrong with them | no |
 * | FAILED | the server refuses us, has no such model, failed at it, or answers what is not of the protocol | once or twice |
 */
export type RuntimeFault = 'BUSY' | 'GONE' | 'REFUSED' | 'FAILED';

/** A failure of a runtime. The message is fit to be shown: one line, no secret, no address, no stack. */
export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure';
  /** Of BUSY; null: the server does not say. */
  readonly retryAfterSeconds: number | null;

  constructor(
    readonly fault: RuntimeFault,
    message: string,
    options: ErrorOptions & { retryAfterSeconds?: number | null } = {},
  ) {
    super(message, options);
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
