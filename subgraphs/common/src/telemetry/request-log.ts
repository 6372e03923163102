import type { Log } from '../log/log.js';
import { routeExchanges, subgraphRequests } from './activities.js';
import { secondsOf } from './activity.js';

/** Seconds from which a request is told of even though nothing was wrong with it. */
export const SLOW_SECONDS = 1;

/**
 * One line for each operation that a subgraph in a process of its own answers, and each request to its routes, with the request id
 * of its caller: at level info for those that failed or were slow, at debug for all others. Ends with the function it answers.
 */
export function writeRequestLog(log: Log): () => void {
  if (!log.isLevelEnabled('info')) return () => undefined;
  const write = ({ requestId, subgraph }: { requestId: string; subgraph: string }, status: number | 'aborted', seconds: number, isSlow: boolean): void => {
    const level = status === 'aborted' || status >= 400 || isSlow ? 'info' : 'debug';
    if (log.isLevelEnabled(level)) log[level]({ requestId, subgraph, status, ms: Math.round(seconds * 10_000) / 10 }, 'request');
  };
  const stops = [
    subgraphRequests.onEnd((running) => {
      const seconds = secondsOf(running);
      write(running.details, running.result?.status ?? 500, seconds, seconds >= SLOW_SECONDS);
    }),
    // Bytes may take their time: that is the pace of their reader.
    routeExchanges.onEnd((running) => write(running.details, running.result?.status ?? 'aborted', secondsOf(running), false)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
