import type { ServerResponse } from 'node:http';
import { timedOut } from '@hutong/common';

/** A signal that is aborted when the caller has gone, or with TIMEOUT when the request's time is over. Ends with the response. */
export function requestLifetime(response: ServerResponse, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(timedOut({ what: 'The request', seconds: milliseconds / 1000 })), milliseconds);
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableEnded) controller.abort(new Error('the caller has gone'));
  });
  return controller.signal;
}
