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

interface Ends {
  /** How long a run may take. */
  runSeconds: number;
  /** A run takes longer. It goes on: nothing can end it but the end of the process. */
  onStuck: () => void;
  /** The thread has ended, and with it every run. */
  onDeath: (reason: string) => void;
}

/** A loaded model in its thread. It is run for one caller at a time, who waits for the one before. */
export class ModelSession {
  #isBusy = false;

  private constructor(
    private readonly thread: Worker,
    readonly model: LoadedModel,
    private readonly ends: Ends,
  ) {}

  /** @throws ModelRefused */
  static async open(options: SessionOptions, ends: Ends): Promise<ModelSession> {
    const thread = new Worker(new URL('./session.thread.js', import.meta.url), { workerData: options });
    const onExit = (code: number): void => ends.onDeath(`exit code ${code}`);
    thread.once('exit', onExit);
    const [message] = (await once(thread, 'message')) as [LoadMessage];
    if ('refused' in message) {
      // It ends in good order now.
      thread.off('exit', onExit);
      throw new ModelRefused(message.refused);
    }
    thread.once('error', (error: Error) => ends.onDeath(error.message));
    return new ModelSession(thread, message.loaded, ends);
  }

  /** Whether the thread is in the model now. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * All outputs of the model; the elements of the inputs go to the thread and are not to be used any more.
   *
   * @throws RunFailed
   */
  async run(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const watch = setTimeout(this.ends.onStuck, this.ends.runSeconds * 1_000);
    this.#isBusy = true;
    try {
      const answer = once(this.thread, 'message') as Promise<[RunMessage]>;
      this.thread.postMessage(inputs, inputs.map(({ data }) => data.buffer as ArrayBuffer));
      const [message] = await answer;
      if ('failed' in message) throw new RunFailed(message.failed);
      return message.outputs;
    } finally {
      this.#isBusy = false;
      clearTimeout(watch);
    }
  }
}
