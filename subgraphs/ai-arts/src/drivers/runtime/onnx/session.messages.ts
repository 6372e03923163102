import type { Tensor } from '../protocol/tensor.js';
import type { WorkerOptions } from './worker.options.js';

/** What the thread that runs the model is started with. */
export type SessionOptions = Pick<WorkerOptions, 'model' | 'threads' | 'library'>;

/** An input or output as the model's file declares it: of dimensions that are free there is a name, which may be empty. */
export interface DeclaredTensor {
  name: string;
  datatype: Tensor['datatype'];
  shape: readonly (number | string)[];
}

/** The model as it was loaded. */
export interface LoadedModel {
  inputs: DeclaredTensor[];
  outputs: DeclaredTensor[];
  /** What it is run by, for people. */
  library: string;
  /** What an operator should know, a line each. */
  notes: string[];
}

/** The first message of the thread; `refused`: the model cannot be served, and why, in one line. */
export type LoadMessage = { loaded: LoadedModel } | { refused: string };

/** The answer to a list of input tensors; `failed`: the model's own words. */
export type RunMessage = { outputs: Tensor[] } | { failed: string };
