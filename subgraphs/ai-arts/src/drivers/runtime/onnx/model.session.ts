import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Tensor } from '../protocol/tensor.js';
import type { LoadedModel, LoadMessage, RunMessage, SessionOptions } from './session.messages.js';

/** The model cannot be served; the message says why, in one line. */
export class ModelRefused extends Error {
  override readonly name = 'ModelRefused';
}

/** The model was run and failed, in its own words. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

/** A loaded model in its thread. One run at a time: whoever calls waits for the one before. */
export class ModelSession {
  private constructor(
    private readonly thread: Worker,
    readonly model: LoadedModel,
  ) {}

  /** @throws ModelRefused */
  static async open(options: SessionOptions): Promise<ModelSession> {
    const thread = new Worker(new URL('./session.thread.js', import.meta.url), { workerData: options });
    const [message] = (await once(thread, 'message')) as [LoadMessage];
    if ('refused' in message) {
      await thread.terminate();
      throw new ModelRefused(message.refused);
    }
    return new ModelSession(thread, message.loaded);
  }

  /**
   * All outputs of the model; the elements of the inputs go to the thread and are not to be used any more.
   *
   * @throws RunFailed
   */
  async run(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const answer = once(this.thread, 'message') as Promise<[RunMessage]>;
    this.thread.postMessage(inputs, inputs.map(({ data }) => data.buffer as ArrayBuffer));
    const [message] = await answer;
    if ('failed' in message) throw new RunFailed(message.failed);
    return message.outputs;
  }

  /** Calls back when the thread has ended, and so every run with it. */
  onDeath(heard: (reason: string) => void): void {
    this.thread.once('error', (error: Error) => heard(error.message));
    this.thread.once('exit', (code) => heard(`exit code ${code}`));
  }
}
