import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anonymous, type Caller, type LocalRoutes } from '@hutong/common';

/** The HTTP routes of a subgraph on a port of this machine, without a gateway. */
export interface RouteServer {
  url: string;
  /** Headers of a request as somebody. */
  as(caller: Caller): { authorization: string };
  stop(): Promise<void>;
}

export async function routeServer(routes: LocalRoutes): Promise<RouteServer> {
  const callers = new Map<string, Caller>();
  const server = createServer((request, response) => {
    const caller = callers.get(request.headers.authorization ?? '') ?? anonymous;
    if (routes.answers(request.url!)) routes.handle(request, response, { caller, requestId: randomUUID() });
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    as(caller) {
      callers.set(caller.userId!, caller);
      return { authorization: caller.userId! };
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
