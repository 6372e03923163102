import { addAbortListener } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { DecoderEnded, DecoderProcess } from './decoder.process.js';
import type { DecoderAnswer, DecoderTask } from './decoder.task.js';

/** An image that takes longer is made to; 100 megapixels take two seconds of a processor. */
const LONGEST_MS = 60_000;
/** A process may end for reasons that are not the image's. */
const TRIES = 2;

/** Decoder processes, started when they are needed; images beyond their number wait for their turn. */
export class DecoderPool {
  readonly #all = new Set<DecoderProcess>();
  readonly #free: DecoderProcess[] = [];
  readonly #waiting = new Set<() => void>();
  #turns: number;
  #isClosed = false;

  constructor(processes: number) {
    this.#turns = processes;
  }

  /** Whose process ends over it twice, or is at it for a minute, is refused. When `signal` aborts, rejects with its reason. */
  async run(task: DecoderTask, signal: AbortSignal): Promise<DecoderAnswer> {
    await this.#turn(signal);
    const answer = this.#answer(task).finally(() => this.#pass());
    answer.catch(() => undefined);
    return whileWanted(answer, signal);
  }

  /** Ends all processes; what they are at is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#free.length = 0;
    await Promise.all(Array.from(this.#all, (decoder) => this.#end(decoder)));
  }

  async #answer(task: DecoderTask): Promise<DecoderAnswer> {
    for (let tries = 1; tries <= TRIES; tries++) {
      const decoder = this.#free.pop() ?? this.#start();
      const timeout = new AbortController();
      try {
        const told = await Promise.race([decoder.ask(task), delay(LONGEST_MS, undefined, { signal: timeout.signal })]);
        if (!told || told.isSpent) void this.#end(decoder);
        else this.#free.push(decoder);
        return told?.answer ?? { problem: `it takes more than ${LONGEST_MS / 1_000} s to decode` };
      } catch (error) {
        await this.#end(decoder);
        if (this.#isClosed || !(error instanceof DecoderEnded)) throw error;
      } finally {
        timeout.abort();
      }
    }
    return { problem: 'it made the decoder crash' };
  }

  #start(): DecoderProcess {
    if (this.#isClosed) throw new DecoderEnded('the decoders are closed');
    const decoder = new DecoderProcess();
    this.#all.add(decoder);
    return decoder;
  }

  async #end(decoder: DecoderProcess): Promise<void> {
    this.#all.delete(decoder);
    await decoder.end();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#turns > 0) {
      this.#turns--;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    using _listener = addAbortListener(signal, () => {
      // Who has been given the turn already keeps it, and passes it on.
      if (this.#waiting.delete(resolve)) reject(signal.reason as Error);
    });
    await promise;
  }

  #pass(): void {
    const [next] = this.#waiting;
    if (!next) this.#turns++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

/** @throws the signal's reason as soon as it aborts */
async function whileWanted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: unwanted, reject } = Promise.withResolvers<never>();
  using _listener = addAbortListener(signal, () => reject(signal.reason as Error));
  return await Promise.race([work, unwanted]);
}
