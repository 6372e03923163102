import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** Where metrics are served. */
export const METRICS_PATH = '/metrics';

/** Metrics in a text format. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Answers requests for {@link METRICS_PATH}; when there is a token, to those that bring it as `Authorization: Bearer`. */
export class MetricsAnswer {
  readonly #metrics: MetricsSource;
  readonly #expected: Buffer | undefined;

  constructor(metrics: MetricsSource, token: string | undefined) {
    this.#metrics = metrics;
    this.#expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  }

  /** Answers nothing else: for a port that is there for metrics alone. */
  readonly server: RequestListener = (request, response) => {
    if (request.url?.split('?', 1)[0] === METRICS_PATH) void this.answer(request, response);
    else response.writeHead(404).end();
  };

  /** For an HTTP server; it never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('cache-control', 'no-store');
    if (this.#expected && !timingSafeEqual(this.#expected, digest(request.headers.authorization ?? ''))) {
      response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer' }).end('Metrics need the token of METRICS_TOKEN.\n');
      return;
    }
    try {
      const text = await this.#metrics.text();
      response.writeHead(200, { 'content-type': this.#metrics.contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
