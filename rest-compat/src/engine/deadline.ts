import type { ServerResponse } from 'node:http';
import { CallerGone } from './body.reader.js';
import { failure } from './failure.js';

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
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const onClose = () => stop.abort(new CallerGone());
  const onTimeout = () => stop.abort(failure('TIMEOUT', `The request did not finish within ${timeoutMs / 1000} s`));
  const timer = setTimeout(onTimeout, timeoutMs);
  response.once('close', onClose);
  try {
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true });
    });
    return await Promise.race([work(stop.signal), stopped]);
  } finally {
    clearTimeout(timer);
    response.off('close', onClose);
  }
}
