import { BrokenCircuitError, circuitBreaker, CircuitState, CountBreaker, ExponentialBackoff, handleWhen, retry, type CircuitBreakerPolicy, type RetryPolicy } from 'cockatiel';
import type { Log } from '../log/log.js';
import type { Cancellation } from '../timing/cancellation.js';
import { circuitBreakers, subgraphRetries } from '../telemetry/activities.js';
import { TransportError } from './transport.js';

/** Of the last 20 calls, at least 5, more than half failed: nothing is asked for a second, and then one call tries. */
const BREAKER = { threshold: 0.5, size: 20, minimumNumberOfCalls: 5 };
const HALF_OPEN_AFTER_MS = 1_000;
/** Tries after the first, in about 50, 100 and 200 ms, jittered. */
const RETRIES = { maxAttempts: 3, initialDelay: 50, maxDelay: 400 };

/** Isolated: open because somebody said so, which nobody does here. */
const STATES = { [CircuitState.Closed]: 'closed', [CircuitState.Open]: 'open', [CircuitState.Isolated]: 'open', [CircuitState.HalfOpen]: 'half_open' } as const;

/** What a faulty subgraph is not asked: again and again, and twice for what changes something. */
export class Endurance {
  readonly #calls = new CountBreaker(BREAKER);
  readonly #breaker: CircuitBreakerPolicy;
  readonly #retrying: RetryPolicy;

  /** @param subgraph the name of the one that is asked */
  constructor(subgraph: string, log: Log) {
    this.#breaker = circuitBreaker(handleWhen(isFault), { breaker: this.#calls, halfOpenAfter: HALF_OPEN_AFTER_MS });
    this.#breaker.onStateChange((state) => {
      log.warn({ state: CircuitState[state] }, 'circuit breaker');
      circuitBreakers.tell({ subgraph, state: STATES[state] });
    });
    circuitBreakers.tell({ subgraph, state: 'closed' });
    const backoff = new ExponentialBackoff({ initialDelay: RETRIES.initialDelay, maxDelay: RETRIES.maxDelay });
    this.#retrying = retry(handleWhen((error) => error instanceof TransportError && error.passing), { maxAttempts: RETRIES.maxAttempts, backoff });
    this.#retrying.onRetry(() => subgraphRetries.tell({ subgraph }));
  }

  /**
   * Makes a call, again after a passing fault when it is repeatable.
   *
   * @throws TransportError at once while the breaker is open
   */
  async run<Result>(repeatable: boolean, cancellation: Cancellation, call: () => Promise<Result>): Promise<Result> {
    // The usual call is only counted: what the policies put around one costs more than the call.
    if (this.#breaker.state !== CircuitState.Closed) return this.#guarded(repeatable, cancellation, call);
    let result: Result;
    try {
      result = await call();
    } catch (error) {
      if (!isFault(error)) throw error;
      return this.#guarded(repeatable, cancellation, call, { error });
    }
    this.#calls.success(CircuitState.Closed);
    return result;
  }

  /** @param first what the first try has failed with, where it was made */
  async #guarded<Result>(repeatable: boolean, { signal }: Cancellation, call: () => Promise<Result>, first?: { error: unknown }): Promise<Result> {
    const guarded = async (): Promise<Result> => this.#breaker.execute(call, signal);
    const failed = async (): Promise<Result> => {
      // Once the breaker has opened, what began before tells it nothing.
      if (this.#breaker.state !== CircuitState.Closed) throw first!.error;
      return this.#breaker.execute(() => Promise.reject(first!.error), signal);
    };
    const attempt = (tries: number) => (first && tries === 0 ? failed() : guarded());
    try {
      return await (repeatable ? this.#retrying.execute(({ attempt: tries }) => attempt(tries), signal) : attempt(0));
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw new TransportError('it failed too often and is left alone for a moment', false, error);
      throw error;
    }
  }
}

/** A deadline that passed is the subgraph's fault; a caller who has gone is not. */
const isFault = (error: unknown): boolean => error instanceof TransportError || isDeadline(error);

const isDeadline = (error: unknown): boolean => {
  const { name, code } = (error ?? {}) as { name?: string; code?: string };
  return name === 'TimeoutError' || code === 'TIMEOUT' || code === 'SUBGRAPH_UNAVAILABLE';
};
