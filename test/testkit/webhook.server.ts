import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { httpServer, type TestHttpServer } from '@hutong/common/testkit';

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

  private constructor(private readonly server: TestHttpServer) {
    server.server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const received = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, raw: Buffer.concat(chunks).toString() };
        this.requests.push(received);
        const behaviour = this.behaviours.length > 1 ? this.behaviours.shift() : this.behaviours[0];
        behaviour?.(response, received);
      });
    });
  }

  static async start(): Promise<WebhookServer> {
    return new WebhookServer(await httpServer(() => undefined));
  }

  get url(): string {
    return `${this.server.url}/allocate`;
  }

  /** Forgets what came and behaves like this from now on. */
  behave(...behaviours: WebhookBehaviour[]): void {
    this.requests.length = 0;
    this.behaviours = behaviours;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.stop();
  }
}
