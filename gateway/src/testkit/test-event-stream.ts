import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 20_000;

/** A client of GraphQL over SSE, that remembers all it was told. */
export class TestEventStream {
  /** Everything that came, as it came. */
  text = '';
  readonly status: number;
  readonly headers: Headers;
  readonly #leaving: AbortController;
  readonly #read: Promise<boolean>;

  private constructor(response: Response, leaving: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#leaving = leaving;
    this.#read = this.#follow(response).catch(() => false);
  }

  static async open(url: string, body: unknown, headers: Record<string, string> = {}): Promise<TestEventStream> {
    const leaving = new AbortController();
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    return new TestEventStream(response, leaving);
  }

  /** Waits for so many results, and answers all that came. */
  async next(count: number): Promise<unknown[]> {
    const deadline = Date.now() + PATIENCE_MS;
    while (this.#results().length < count) {
      if (Date.now() > deadline) throw new Error(`waited for ${count} events, got ${this.text}`);
      await delay(5);
    }
    return this.#results();
  }

  /** Whether the stream ended as complete, once it has ended. */
  completed(): Promise<boolean> {
    return this.#read;
  }

  end(): void {
    this.#leaving.abort();
  }

  #results(): unknown[] {
    return [...this.text.matchAll(/^event: next\ndata: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data!) as unknown);
  }

  async #follow(response: Response): Promise<boolean> {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) this.text += chunk;
    return this.text.endsWith('event: complete\ndata:\n\n');
  }
}
