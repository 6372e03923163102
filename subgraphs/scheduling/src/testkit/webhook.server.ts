import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a webhook server got. */
export interface ReceivedCall {
  headers: IncomingHttpHeaders;
  body: string;
}

export type Behaviour = (response: ServerResponse, tried: number, request: IncomingMessage) => void;

export interface WebhookServer {
  url: string;
  port: number;
  received: ReceivedCall[];
  /** What it does with the next requests; `tried` counts from 1. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

/** Answers with a status and a body. */
export const answers =
  (status: number, body: string, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(body);

/** A real HTTP server on a free port of 127.0.0.1 that behaves as a test tells it. */
export async function webhookServer(): Promise<WebhookServer> {
  const received: ReceivedCall[] = [];
  let behaviour: Behaviour = answers(200, '{"url":"https://provider.example/1"}');
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      behaviour(response, received.length, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/allocate`,
    port,
    received,
    behave(next) {
      received.length = 0;
      behaviour = next;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
