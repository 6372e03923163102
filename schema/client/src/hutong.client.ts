import { Kind, print, type OperationDefinitionNode } from '@0no-co/graphql.web';
import { resultsOf } from './event.stream.js';
import { dataOf, GraphEndpoint, type GraphResult } from './graph.endpoint.js';
import { HutongError } from './hutong.error.js';
import { bodyOf, waitOf } from './operation.body.js';
import { pause } from './pause.js';
import { resumptionOf } from './resumption.js';
import { graphql, type TypedDocument } from './typed.document.js';

/** Where a platform is, and who asks. */
export interface ClientOptions {
  /** Where the platform is, such as `https://hutong.example.org`. */
  url: string;
  /** Ticket or API token; without one, what anybody may. */
  credential?: string | undefined;
  /** How long an answer may take: 75,000 ms, as the platform gives up after 60 s. An operation that waits for something (`waitSeconds`) has so much more; an upload has no limit. */
  timeoutMs?: number;
  /** How often a query is asked again, or a subscription opened again, that failed of what passes, one time after the other: 5. A mutation is never sent twice. */
  retries?: number;
  /** Ends everything that is under way; what it was aborted with is thrown. */
  signal?: AbortSignal | undefined;
  /** Another `fetch`, such as one with a proxy. */
  fetch?: typeof globalThis.fetch;
}

/** What one operation may have of its own. */
export interface OperationOptions {
  /** Ends the operation; what it was aborted with is thrown. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** The variables of a document, which may be left out where none of them is required, and options. */
type Given<Variables> = Record<string, never> extends Variables ? [variables?: Variables, options?: OperationOptions] : [variables: Variables, options?: OperationOptions];

const TIMEOUT_MS = 75_000;
const RETRIES = 5;

const LOG_IN = graphql('mutation LogIn($input: LogInInput!) { logIn(input: $input) { ticket } }');

/** A client of the graph of a platform. */
export function createClient(options: ClientOptions): HutongClient {
  return new HutongClient(options);
}

/** Runs typed operations as somebody; made by {@link createClient}. It keeps nothing open but what is under way. */
export class HutongClient {
  readonly #options: ClientOptions;
  readonly #endpoint: GraphEndpoint;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#endpoint = new GraphEndpoint(options.url.replace(/\/+$/, ''), options.fetch ?? globalThis.fetch.bind(globalThis));
  }

  get url(): string {
    return this.#options.url;
  }

  get credential(): string | undefined {
    return this.#options.credential;
  }

  /** The same platform, as whoever has this credential. */
  as(credential: string): HutongClient {
    return new HutongClient({ ...this.#options, credential });
  }

  /**
   * Logs in: a client with a ticket, which is good for two hours.
   *
   * @throws HutongError WRONG_CREDENTIALS, TOO_MANY_LOGINS
   */
  async logIn(username: string, password: string): Promise<HutongClient> {
    const { logIn } = await this.mutate(LOG_IN, { input: { username, password } });
    return this.as(logIn.ticket);
  }

  /**
   * Asks, and asks again where a failure passes.
   *
   * @throws HutongError, with what was answered all the same as its `data`
   */
  async query<Data, Variables>(document: TypedDocument<Data, Variables>, ...[variables, options = {}]: Given<Variables>): Promise<Data> {
    const text = textOf(document, 'query');
    const signal = this.#signalOf(options);
    for (let failures = 0; ; failures += 1) {
      try {
        return (await this.#run(text, variables, options)) as Data;
      } catch (error) {
        if (failures >= this.#retries || !(error instanceof HutongError && error.isPassing)) throw error;
      }
      await pause(failures, signal);
    }
  }

  /**
   * Changes something, once: what became of it when no answer came, a query can tell. A Blob or File among the variables is uploaded.
   *
   * @throws HutongError
   */
  async mutate<Data, Variables>(document: TypedDocument<Data, Variables>, ...[variables, options = {}]: Given<Variables>): Promise<Data> {
    return (await this.#run(textOf(document, 'mutation'), variables, options)) as Data;
  }

  /**
   * Tells what happens, until the loop is left. A connection that is lost is opened again, and goes on behind the last event where
   * the document has a variable for `after` and asks for the `id` of its events (of a log: for `cursor` and `complete`); any other
   * subscription ends with CONNECTION_LOST, as it cannot tell what it missed.
   *
   * @throws HutongError
   */
  async *subscribe<Data, Variables>(document: TypedDocument<Data, Variables>, ...[variables, options = {}]: Given<Variables>): AsyncGenerator<Data, void, undefined> {
    const text = textOf(document, 'subscription');
    const resumption = resumptionOf(document);
    const signal = this.#signalOf(options);
    let given: unknown = variables;
    let failures = 0;
    for (let pauses = 0; ; pauses += 1) {
      let isOpen = false;
      try {
        for await (const data of this.#events(text, given, options, () => (isOpen = true))) {
          failures = 0;
          pauses = 0;
          const position = resumption?.positionOf(data);
          if (resumption && position !== undefined) given = { ...(given as object), [resumption.variable]: position };
          yield data as Data;
          if (resumption?.isLast(data)) return;
        }
        // Without a reason: the platform stops, and comes again.
        if (!resumption) return;
      } catch (error) {
        if (!resumption || !(error instanceof HutongError && error.isPassing)) throw error;
        // However often a quiet connection is cut: it could be opened.
        if (isOpen && error.code === 'CONNECTION_LOST') failures = 0;
        if (failures >= this.#retries) throw error;
        failures += 1;
      }
      await pause(pauses, signal);
    }
  }

  async #run(text: string, variables: unknown, options: OperationOptions): Promise<unknown> {
    const { headers, body } = bodyOf(text, variables);
    const limitMs = typeof body === 'string' ? this.#limitOf(options) + waitOf(variables) * 1_000 : Number.POSITIVE_INFINITY;
    return this.#endpoint.ask({ headers: { ...headers, ...this.#authorization() }, body, signal: this.#signalOf(options), limitMs });
  }

  async *#events(text: string, variables: unknown, options: OperationOptions, opened: () => void): AsyncGenerator<unknown> {
    const leaving = new AbortController();
    const signal = AbortSignal.any([this.#signalOf(options), leaving.signal]);
    const { headers, body } = bodyOf(text, variables);
    try {
      const stream = await this.#endpoint.stream({ headers: { ...headers, ...this.#authorization() }, body, signal, limitMs: this.#limitOf(options) });
      opened();
      for await (const result of resultsOf(stream.body)) yield dataOf(result as GraphResult, stream);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof HutongError ? error : new HutongError('CONNECTION_LOST', 'The connection of a subscription was lost.', { cause: error });
    } finally {
      leaving.abort();
    }
  }

  get #retries(): number {
    return this.#options.retries ?? RETRIES;
  }

  #limitOf({ timeoutMs }: OperationOptions): number {
    return timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS;
  }

  #signalOf({ signal }: OperationOptions): AbortSignal {
    return AbortSignal.any([this.#options.signal, signal].filter((given) => given !== undefined));
  }

  #authorization(): Record<string, string> {
    return this.credential === undefined ? {} : { authorization: `Bearer ${this.credential}` };
  }
}

const METHODS = { query: 'query', mutation: 'mutate', subscription: 'subscribe' } as const satisfies Record<string, keyof HutongClient>;

/** The text of a document whose operation is of this kind. */
function textOf(document: TypedDocument<unknown, never>, wanted: keyof typeof METHODS): string {
  const operation = document.definitions.find((definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new TypeError('The document has no operation.');
  const kind: keyof typeof METHODS = operation.operation;
  if (kind !== wanted) throw new TypeError(`This takes a ${wanted}; for a ${kind} there is "${METHODS[kind]}".`);
  return print(document);
}
