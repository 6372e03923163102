import type { Log } from '@hutong/common';
import { secondsOf, SLOW_SECONDS, type Running } from '@hutong/common/telemetry';
import { httpRequests, routeSockets, sockets } from './activities.js';
import { isAnswered, localsOf, methodOf, routeOf } from './http-exchange.js';

/** From here on a WebSocket was closed for what its client did; 1013 says that it took no bytes. */
const FIRST_OWN_CODE = 4000;
const TRY_AGAIN_LATER = 1013;

const milliseconds = (running: Running<unknown>): number => Math.round(secondsOf(running) * 10_000) / 10;

/**
 * One line for each request and each WebSocket, when it is over: at level info for those that failed or were slow, at debug
 * for all others. It has the route and never the path, so that neither a query string nor a credential can be in it.
 * Ends with the function it answers.
 */
export function writeAccessLog(log: Log): () => void {
  if (!log.isLevelEnabled('info')) return () => undefined;
  const stops = [
    httpRequests.onEnd((running) => {
      const { request, response, url, sentBefore } = running.details;
      const done = isAnswered(response);
      const failed = !done || response.statusCode >= 400 || secondsOf(running) >= SLOW_SECONDS;
      if (!failed && !log.isLevelEnabled('debug')) return;
      const { requestId, caller } = localsOf(response);
      log[failed ? 'info' : 'debug'](
        { requestId, method: methodOf(request), ...routeOf(response, url), status: done ? response.statusCode : 'aborted', ms: milliseconds(running), bytes: request.socket.bytesWritten - sentBefore, userId: caller?.userId ?? undefined },
        'request',
      );
    }),
    sockets.onEnd((running) => {
      const { id, userId } = running.details;
      const code = running.result?.code ?? 0;
      const failed = code >= FIRST_OWN_CODE || code === TRY_AGAIN_LATER;
      log[failed ? 'info' : 'debug']({ requestId: id, transport: 'websocket', code, ms: milliseconds(running), userId: userId() ?? undefined }, 'connection');
    }),
    routeSockets.onEnd((running) => {
      const { id, userId, ...place } = running.details;
      log.debug({ requestId: id, transport: 'websocket', ...place, ms: milliseconds(running), userId: userId ?? undefined }, 'connection');
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
