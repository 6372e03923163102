import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SettingError } from '../environment/settings.js';
import { draining } from '../http/draining.js';
import { answer, type SubgraphEndpoint } from './subgraph-endpoint.js';

/** A subgraph that listens for the gateway and its peers. */
export interface SubgraphServer {
  readonly port: number;
  /** Readiness goes red, subscriptions are closed with 1001, running requests finish for so long. */
  stop(patienceMs: number): Promise<void>;
}

const KEEP_ALIVE_MS = 65_000;

/** Serves an endpoint, and beside it `/healthz` and `/readyz`, which need no token. @throws SettingError for an address that cannot be listened on */
export async function serveEndpoint(endpoint: SubgraphEndpoint, { host, port }: { host: string; port: number }): Promise<SubgraphServer> {
  let stopping = false;
  const ready = async (response: ServerResponse): Promise<void> => {
    const fault = stopping ? 'stopping' : await endpoint.ready().then(() => undefined, () => 'the database does not answer');
    answer(response, fault === undefined ? 200 : 503, fault === undefined ? { status: 'ready' } : { status: 'unavailable', reason: fault });
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    if (path === '/healthz') answer(response, 200, { status: 'ok' });
    else if (path === '/readyz') void ready(response);
    else endpoint.handle(request, response, path);
  };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handle);
  const drain = draining(server);
  server.on('upgrade', (request, socket, head) => endpoint.upgrade(request, socket, head));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new SettingError(`PORT: ${host}:${port} cannot be listened on: ${(error as Error).message}; for example PORT=4100`);
  }
  return {
    port: (server.address() as AddressInfo).port,
    async stop(patienceMs) {
      stopping = true;
      await endpoint.stop();
      await drain(patienceMs);
    },
  };
}
