import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { httpServer } from '@hutong/common/testkit';

/** A request as the label server got it. */
export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on a free port of 127.0.0.1 that stands for a label server, and behaves as a test tells it. */
export interface LabelServerOfTest {
  url: string;
  server: Server;
  received: ReceivedRequest[];
  /** What it does with the next requests. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

/** Answers JSON. */
export const answers =
  (value: unknown, status = 200, headers: Record<string, string | string[]> = {}): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

/** Tells, when the whole request has come, what it was. */
export async function labelServer(): Promise<LabelServerOfTest> {
  const received: ReceivedRequest[] = [];
  let behaviour: Behaviour = answers({});
  const { url, server, stop } = await httpServer((request, response) => {
    const { method = '', url: path = '', headers } = request;
    const answer = behaviour;
    const take = async () => {
      const body = await buffer(request).catch(() => undefined);
      if (!body) return;
      received.push({ method, url: path, headers, body });
      answer(request, response);
    };
    void take();
  });
  return {
    url,
    server,
    stop,
    received,
    behave(next) {
      received.length = 0;
      behaviour = next;
    },
  };
}
