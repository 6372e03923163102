import { limitExceeded } from '../errors/common.errors.js';
import type { HutongError } from '../errors/define-error.js';

/** Subgraphs also answer keys and fields that only joins need; an answer may have so many times its bytes fetched for it. */
const FETCHED_FOR_ANSWER = 2;

/** Why an answer of more bytes than these is not given. */
export const answerTooLarge = (bytes: number): HutongError => limitExceeded({ limit: 'response', allowed: `${bytes} bytes` });

/**
 * What the subgraphs may still answer to one operation, counted while they do: when it is used up, resolvers are not called
 * any more, other fetches are given up, and nothing of the answer is kept.
 */
export class AnswerBudget {
  /** The largest answer of the operation. */
  readonly bytes: number;
  /** Rejects with LIMIT_EXCEEDED as soon as the budget is used up. */
  readonly exceeded: Promise<never>;
  /** Bytes that may still be taken; negative when the budget is used up. Not `#left`: that cost a join a tenth of its time. */
  left: number;
  readonly #exceed: (failure: HutongError) => void;
  #never: Promise<never> | undefined;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.left = bytes * FETCHED_FOR_ANSWER;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.exceeded = promise;
    this.#exceed = reject;
  }

  /** Takes bytes off; false when it is used up. */
  take(bytes: number): boolean {
    if (this.left < 0) return false;
    this.left -= bytes;
    if (this.left >= 0) return true;
    this.#exceed(answerTooLarge(this.bytes));
    return false;
  }

  /** What a field answers that is not wanted any more: it holds up its execution, which is forgotten with it. */
  get never(): Promise<never> {
    return (this.#never ??= new Promise<never>(() => undefined));
  }
}
