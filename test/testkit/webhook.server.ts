import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebhookRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** As it came, for its signature. */
  raw: string;
}

export type WebhookBehaviour = (response: ServerResponse, request: WebhookRequest) => void;

/** Answers a URL as a provider does. */
export const allocates = (url: string): WebhookBehaviour => answers(200, { url });

export const answers = (status: number, body: unknown, headers: Record<string, string> = {}): WebhookBehaviour => (response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers});
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};

/** A provider's webhook: a real HTTP server on a free port that behaves as a test says. */
export class WebhookServer implements AsyncDisposable {
  readonly requests: WebhookRequest[] = [];
  /** For the next requests, in their order; the last one stays. */
  behaviours: WebhookBehaviour[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookServer> {
    const server = createServer();
    const webhook = new WebhookServer(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const received = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, raw: Buffer.concat(chunks).toString() };
        webhook.requests.push(received);
        const behaviour = webhook.behaviours.length > 1 ? webhook.behaviours.shift() : webhook.behaviours[0];
        behaviour?.(response, received);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return webhook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/allocate`;
  }

  /** Forgets what came and behaves like this from now on. */
  behave(...behaviours: WebhookBehaviour[]): void {
    this.requests.length = 0;
    this.behaviours = behaviours;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
