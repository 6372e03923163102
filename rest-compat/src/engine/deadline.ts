import type { ServerResponse } from 'node:http';
import { CallerGone } from './body.reader.js';
import { failure } from './failure.js';

/** How long a request has. */
export interface Lifetime {
  /** Aborted when the caller has gone or the request's time is over. */
  signal: AbortSignal;
  /** Gives it so long instead of the usual time, counted from its beginning, where that is longer. */
  allow(milliseconds: number): void;
}

/**
 * Runs work that ends with the request: when its time is over or the caller has gone, the signal is aborted and the
 * promise rejects at once, whether the work heeds the signal or not.
 *
 * @throws Failure TIMEOUT
 * @throws CallerGone
 */
export async function withinRequest<Result>(
  response: ServerResponse,
  timeoutMs: number,
  work: (lifetime: Lifetime) => Promise<Result>,
): Promise<Result> {
  const begun = performance.now();
  const stop = new AbortController();
  const onClose = () => stop.abort(new CallerGone());
  let timer: NodeJS.Timeout;
  const endAfter = (milliseconds: number) => {
    const onTimeout = () => stop.abort(failure('TIMEOUT', `The request did not finish within ${milliseconds / 1000} s`));
    timer = setTimeout(onTimeout, begun + milliseconds - performance.now());
  };
  const allow = (milliseconds: number) => {
    if (milliseconds <= timeoutMs) return;
    clearTimeout(timer);
    endAfter(milliseconds);
  };
  endAfter(timeoutMs);
  response.once('close', onClose);
  try {
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true });
    });
    return await Promise.race([work({ signal: stop.signal, allow }), stopped]);
  } finally {
    clearTimeout(timer!);
    response.off('close', onClose);
  }
}
