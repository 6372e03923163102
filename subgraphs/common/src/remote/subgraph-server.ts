import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '../http/http-listener.js';
import { METRICS_PATH, type MetricsAnswer } from '../telemetry/metrics-answer.js';
import { answer, type SubgraphEndpoint } from './subgraph-endpoint.js';

/** A subgraph that listens for the gateway and its peers. */
export interface SubgraphServer {
  readonly port: number;
  /** Readiness goes red, subscriptions are closed with 1001, running requests finish for so long. */
  stop(patienceMs: number): Promise<void>;
}

/** Serves an endpoint, and beside it `/healthz`, `/readyz` and, when they are given, metrics, which need no caller's token. @throws ListenError */
export async function serveEndpoint(endpoint: SubgraphEndpoint, { host, port }: { host: string; port: number }, metrics?: MetricsAnswer): Promise<SubgraphServer> {
  let stopping = false;
  const ready = async (response: ServerResponse): Promise<void> => {
    const fault = stopping ? 'stopping' : await endpoint.ready().then(() => undefined, () => 'the database does not answer');
    answer(response, fault === undefined ? 200 : 503, fault === undefined ? { status: 'ready' } : { status: 'unavailable', reason: fault });
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { url = '' } = request;
    const [path] = url.split('?', 1);
    if (path === '/healthz') answer(response, 200, { status: 'ok' });
    else if (path === '/readyz') void ready(response);
    else if (path === METRICS_PATH && metrics) void metrics.answer(request, response);
    else endpoint.handle(request, response, url);
  };
  const listener = await listen(handle, { host, port });
  listener.server.on('upgrade', (request, socket, head) => endpoint.upgrade(request, socket, head, request.url ?? ''));
  return {
    port: listener.port,
    async stop(patienceMs) {
      stopping = true;
      await endpoint.stop();
      await listener.drain(patienceMs);
    },
  };
}
