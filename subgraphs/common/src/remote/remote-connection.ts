import { OperationTypeNode, type ExecutionResult } from 'graphql';
import { callerKey } from '../caller/caller-key.js';
import { subgraphUnavailable } from '../errors/common.errors.js';
import { HutongError } from '../errors/define-error.js';
import type { AnswerBudget } from '../graph/answer-budget.js';
import { answerSize } from '../graph/answer-size.js';
import { timeAllowed } from '../graph/asked-wait.js';
import { cancellationOf, type SubgraphConnection, type SubgraphRequest } from '../graph/connection.js';
import { ExecutionTurns } from '../graph/execution-turns.js';
import { SharedQueries } from '../graph/shared-queries.js';
import type { Log } from '../log/log.js';
import type { Cancellation } from '../timing/cancellation.js';
import { withDeadline } from '../timing/deadline.js';
import { CallerTokens } from './caller-token.js';
import { ParsedDocuments } from '../graph/document-memory.js';
import { Endurance } from './endurance.js';
import type { HttpClientName } from './http-client.js';
import { RemoteSubscriptions } from './remote-subscriptions.js';
import { operationBody, type OperationBody } from './operation-body.js';
import { SubgraphTransport, UploadBroken, type SizedResult } from './transport.js';

export interface RemoteConnectionOptions {
  name: string;
  /** Where the subgraph listens, for example `http://10.0.0.7:4002`. */
  url: string;
  /** The platform's secret, the same in every process. */
  secret: string;
  /** How long a call without an earlier deadline may take; one that asks to wait, that long and 10 s more. */
  timeoutMs?: number;
  /** Requests under way at once; more wait. */
  connections?: number;
  /** Whether equal queries of one caller that are under way at once are asked once; so it is where nothing is said. */
  sharesQueries?: boolean;
  /** What asks it; ours where nothing is said. */
  client?: HttpClientName;
  log: Log;
}

const TIMEOUT_MS = 30_000;
/** Enough for the queries and events whose turn it is, and for as many mutations and peer calls. */
const CONNECTIONS = 128;

/**
 * The way to a subgraph in another process: HTTP for queries and mutations, a WebSocket for subscriptions. A subgraph that
 * is down, slow, or answers rubbish is SUBGRAPH_UNAVAILABLE; queries are tried again, mutations never; one that fails too
 * often is left alone for a moment. Nothing is opened before the first call, so the subgraph may come later.
 */
export class RemoteConnection implements SubgraphConnection {
  readonly name: string;
  readonly isRemote = true;
  readonly #timeoutMs: number;
  readonly #transport: SubgraphTransport;
  readonly #subscriptions: RemoteSubscriptions;
  readonly #endurance: Endurance;
  readonly #documents = new ParsedDocuments();
  readonly #queries = new SharedQueries<SizedResult>({ shared: ({ result }) => result.share?.() });
  readonly #sharesQueries: boolean;
  readonly #turns = new ExecutionTurns();
  readonly #log: Log;

  constructor({ name, url, secret, timeoutMs = TIMEOUT_MS, connections = CONNECTIONS, sharesQueries = true, client = 'lean', log }: RemoteConnectionOptions) {
    const tokens = new CallerTokens(secret);
    this.name = name;
    this.#timeoutMs = timeoutMs;
    this.#sharesQueries = sharesQueries;
    this.#log = log.child({ remote: name });
    this.#transport = new SubgraphTransport({ name, url, tokens, connections, client });
    this.#subscriptions = new RemoteSubscriptions({ name, url, tokens });
    this.#endurance = new Endurance(name, this.#log);
  }

  /** @throws SUBGRAPH_UNAVAILABLE, or the reason of the request's signal */
  async execute(request: SubgraphRequest): Promise<ExecutionResult> {
    const isQuery = request.isQuery ?? this.#documents.kindOf(request.document, request.operationName) === OperationTypeNode.QUERY;
    const waitMs = request.waits === false ? 0 : timeAllowed(0, request.document, request.variables);
    const body = request.received ? undefined : operationBody(request);
    const run = (cancellation: Cancellation): Promise<SizedResult> => {
      const ask = () => this.#transport.execute(request, cancellation, waitMs > 0, body);
      const call = () => (cancellation.isCancelled ? Promise.reject(cancellation.reason) : this.#endurance.run(isQuery, cancellation, ask));
      return !isQuery || request.origin === 'peer' ? call() : this.#turns.run(request.live ? 'event' : 'query', call);
    };
    const inTime = request.hasDeadline ? run : (outer: Cancellation) => withDeadline(outer, Math.max(this.#timeoutMs, waitMs), timedOut, run, request.received);
    try {
      const answered = await this.#answer(request, isQuery, body, inTime);
      charge(answered, request.budget);
      return answered.result;
    } catch (error) {
      throw this.#failure(error, request);
    }
  }

  #answer(request: SubgraphRequest, isQuery: boolean, body: OperationBody | undefined, run: (cancellation: Cancellation) => Promise<SizedResult>): Promise<SizedResult> {
    const { document, operationName, caller, origin, budget, live } = request;
    const cancellation = cancellationOf(request);
    if (!isQuery) return run(cancellation).finally(() => this.changed());
    if (!this.#sharesQueries || body === undefined) return run(cancellation);
    return this.#queries.run([body.variables, callerKey(caller), document, operationName, origin, budget?.bytes, live], cancellation, run);
  }

  /** A stream that throws SUBGRAPH_UNAVAILABLE when the way to the subgraph breaks. */
  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    try {
      return await this.#subscriptions.subscribe(request);
    } catch (error) {
      throw this.#failure(error, request);
    }
  }

  changed(): void {
    this.#queries.changed();
  }

  async ready(): Promise<void> {
    await this.#transport.ready();
  }

  async close(): Promise<void> {
    await this.#subscriptions.close();
    await this.#transport.close();
  }

  #failure(error: unknown, request: SubgraphRequest): unknown {
    const cancellation = cancellationOf(request);
    if (error instanceof UploadBroken) return error.cause;
    if (error instanceof HutongError || (cancellation.isCancelled && error === cancellation.reason)) return error;
    this.#log.warn({ requestId: request.requestId, err: error }, 'subgraph did not answer');
    return subgraphUnavailable({ subgraph: this.name });
  }
}

/** Takes an answer from the budget; what the subgraph itself gave up for its size uses it up. */
function charge({ result, size }: SizedResult, budget: AnswerBudget | undefined): void {
  if (!budget) return;
  // The data may be parsed only when it is looked at.
  const isGivenUp = result.errors?.[0]?.extensions?.code === 'LIMIT_EXCEEDED' && result.data === undefined;
  // The text may hold white space and errors, too: only where that matters is the data looked at.
  if (isGivenUp) budget.take(Infinity);
  else budget.take(size <= budget.left ? size : answerSize(result.data, budget.left));
}

/** As an AbortSignal that looks at the clock. */
const timedOut = (): DOMException => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
