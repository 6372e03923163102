import type { ServerResponse } from 'node:http';
import { timedOut } from '@hutong/common';

/**
 * A signal that is aborted when the caller has gone, or with TIMEOUT when the request's time is over, which begins when its files have
 * come. Ends with the response.
 */
export function requestLifetime(response: ServerResponse, milliseconds: number, received?: Promise<void>): AbortSignal {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    if (!response.closed) timer = setTimeout(() => controller.abort(timedOut({ what: 'The request', seconds: milliseconds / 1000 })), milliseconds);
  };
  if (received) void received.then(begin);
  else begin();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableEnded) controller.abort(new Error('the caller has gone'));
  });
  return controller.signal;
}
