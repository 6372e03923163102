import { createClient, type Client } from 'graphql-ws';
import { graphBody } from '../testkit/graph-request.js';
import { DemoFailure } from './demo.failure.js';

interface GraphError {
  message: string;
  extensions?: { code?: string };
}

interface Answer {
  data?: unknown;
  errors?: GraphError[];
}

/** A refusal by the platform. */
export class Refused extends DemoFailure {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${message} (${code})`);
  }
}

/** A client of a platform, with a credential or without: operations over HTTP, subscriptions over a WebSocket. */
export class HutongClient {
  #socket: Client | undefined;

  constructor(
    readonly url: string,
    readonly signal: AbortSignal,
    readonly credential?: string,
  ) {}

  /** The same platform, as whoever has this credential. */
  as(credential: string): HutongClient {
    return new HutongClient(this.url, this.signal, credential);
  }

  /** Logs in, and answers a client with the ticket. */
  async logIn(username: string, password: string): Promise<HutongClient> {
    const { logIn } = await this.ask<{ logIn: { ticket: string } }>('mutation ($input: LogInInput!) { logIn(input: $input) { ticket } }', { input: { username, password } });
    return this.as(logIn.ticket);
  }

  /**
   * Runs an operation, and answers its data; a File among the variables is uploaded.
   *
   * @throws Refused; DemoFailure when no platform answers
   */
  async ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const { headers, body } = await graphBody(query, variables);
    const authorization = this.credential === undefined ? {} : { authorization: `Bearer ${this.credential}` };
    const response = await fetch(`${this.url}/graphql`, { method: 'POST', headers: { ...headers, ...authorization }, body, signal: this.signal }).catch((error: unknown) => {
      this.signal.throwIfAborted();
      const { cause } = error as { cause?: { code?: string } };
      throw new DemoFailure(`Nothing answers at ${this.url}${cause?.code === undefined ? '' : ` (${cause.code})`}: start the platform with npm start, or say where it is with HUTONG_URL or PORT.`);
    });
    const { data, errors: [fault] = [] } = await response.json().then(
      (answer) => answer as Answer,
      () => {
        throw new DemoFailure(`What answers at ${this.url} is no Hutong (HTTP ${response.status} for /graphql): say where it is with HUTONG_URL or PORT.`);
      },
    );
    if (fault) throw new Refused(fault.extensions?.code ?? `HTTP ${response.status}`, fault.message);
    return data as Data;
  }

  /** Subscribes until the stream ends or the signal says so. */
  async *follow<Data>(query: string, variables: Record<string, unknown> = {}, until: AbortSignal = this.signal): AsyncGenerator<Data> {
    this.#socket ??= createClient({ url: `${this.url.replace(/^http/, 'ws')}/graphql`, connectionParams: { Authorization: `Bearer ${this.credential}` } });
    const answers = this.#socket.iterate({ query, variables });
    const stop = () => void answers.return?.();
    const signals = [this.signal, until];
    for (const signal of signals) signal.addEventListener('abort', stop);
    try {
      for await (const { data, errors: [fault] = [] } of answers) {
        if (fault) throw new Refused(String(fault.extensions?.code), fault.message);
        yield data as Data;
      }
      this.signal.throwIfAborted();
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** Ends every subscription. */
  async close(): Promise<void> {
    await this.#socket?.dispose();
  }
}
