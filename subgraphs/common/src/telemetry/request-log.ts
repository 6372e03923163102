import type { Log } from '../log/log.js';
import { subgraphRequests } from './activities.js';
import { secondsOf } from './activity.js';

/** Seconds from which a request is told of even though nothing was wrong with it. */
export const SLOW_SECONDS = 1;

/**
 * One line for each operation that a subgraph in a process of its own answers, with the request id of its caller: at level
 * info for those that failed or were slow, at debug for all others. Ends with the function it answers.
 */
export function writeRequestLog(log: Log): () => void {
  if (!log.isLevelEnabled('info')) return () => undefined;
  return subgraphRequests.onEnd((running) => {
    const seconds = secondsOf(running);
    const status = running.result?.status ?? 500;
    const level = status >= 400 || seconds >= SLOW_SECONDS ? 'info' : 'debug';
    if (log.isLevelEnabled(level)) log[level]({ requestId: running.details.requestId, subgraph: running.details.subgraph, status, ms: Math.round(seconds * 10_000) / 10 }, 'request');
  });
}
