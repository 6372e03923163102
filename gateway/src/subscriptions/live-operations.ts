import { setImmediate as turn } from 'node:timers/promises';
import type { ApolloServer } from '@apollo/server';
import { badInput, Cancellation, HutongError, internalError, mapIterator, timedOut, timeAllowed, withDeadline, type Caller, type Log } from '@hutong/common';
import { getOperationAST, GraphQLError, Kind, OperationTypeNode, parse, type DocumentNode, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { CurrentGraph } from '../federation/current-graph.js';
import type { FederatedGraph, RequestScope } from '../federation/federated-graph.js';
import { graphError } from '../federation/subgraph.errors.js';
import { ClientOperations, type ClientOperation } from '../http/client-operations.js';
import type { GraphqlRequestContext } from '../http/graphql-request.js';
import type { OperationReference, OperationTexts } from '../http/operation-texts.js';
import type { Limits } from '../limits/limits.js';
import { documentBytes } from '../limits/document-bytes.js';
import { answerText } from '../limits/answer.check.js';
import { LiveSubscription } from './live-subscription.js';
import { operations, refusals, type Transport } from '../telemetry/activities.js';
import { countedResults } from '../telemetry/counted-results.js';
import { SharedStreams } from './shared-streams.js';

/** What a client sends to have an operation run. */
export interface LiveRequest extends OperationReference {
  operationName?: unknown;
  variables?: unknown;
}

/** On whose behalf an operation of a connection runs. */
export interface LiveScope {
  caller: Caller;
  /** The same for callers who may see the same things. */
  fingerprint: string;
  requestId: string;
  transport: Transport;
  /** Aborted when the connection is gone. */
  signal: AbortSignal;
}

/** Refused before anything ran, or the results: one for a query or mutation, any number for a subscription. */
export type LiveAnswer = { refused: readonly GraphQLError[] } | { results: AsyncIterableIterator<FormattedExecutionResult>; document: DocumentNode; operationName: string | undefined };

export interface LiveOperationsOptions {
  current: CurrentGraph;
  /** Runs queries and mutations just as over HTTP. */
  server: ApolloServer<GraphqlRequestContext>;
  texts: OperationTexts;
  limits: Limits;
  /** Whether clients may ask for the schema. */
  introspection: boolean;
  /** Leaves out of errors what would tell of fields that the caller did not name. */
  hideSchemaDetails: boolean;
  log: Log;
}

const REMEMBERED_BYTES = 8_000_000;

/** An argument that says where a stream begins: streams with one begin at different places. */
const REPLAYED_FROM = 'after';

const CHANGED = 'The graph has changed, and the subscription no longer fits it';

/** Without a graph, as it lives longer than one. */
type Asked = Omit<ClientOperation, 'graph'> & { operation: OperationDefinitionNode };

/**
 * Runs operations for connections that stay open, with the checks of a request over HTTP. When another graph becomes current,
 * subscriptions that it would still take go on with it, and the others fail with what it would refuse them for.
 */
export class LiveOperations {
  readonly #options: LiveOperationsOptions;
  readonly #operations: ClientOperations;
  readonly #documents = new LRUCache<string, DocumentNode>({ maxSize: REMEMBERED_BYTES, sizeCalculation: (_, text) => documentBytes(text) });
  readonly #shared = new SharedStreams();
  readonly #running = new Map<LiveSubscription, Asked>();

  constructor(options: LiveOperationsOptions) {
    this.#options = options;
    this.#operations = new ClientOperations(options);
    options.current.onChange(() => void this.#moveAll());
  }

  /** Sources that are open at present. */
  get sources(): number {
    return this.#shared.size;
  }

  /** Never rejects; the results reject only with a HutongError. */
  async run(request: LiveRequest, scope: LiveScope): Promise<LiveAnswer> {
    try {
      const { operationName, variables } = soundRequest(request);
      const text = this.#options.texts.textOf(request);
      if (text === '') throw badInput({ problem: 'query: expected a GraphQL document as a text' });
      const document = this.#parsed(text);
      const operation = document && getOperationAST(document, operationName);
      if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return await this.#once({ text, document, operationName, variables }, scope);
      const { transport } = scope;
      const open = async () => this.#stream({ text, document: document!, operation, operationName, variables }, scope);
      const results = await operations.run({ kind: 'subscription', transport }, open);
      if (!(Symbol.asyncIterator in results)) return { refused: results.errors ?? [] };
      return { results: countedResults(results as AsyncIterableIterator<FormattedExecutionResult>, transport), document: document!, operationName };
    } catch (error) {
      if (error instanceof HutongError) return refusedWith(error);
      this.#options.log.error({ requestId: scope.requestId, err: error }, 'operation could not be run');
      return refusedWith(internalError({ requestId: scope.requestId }));
    }
  }

  #stream(asked: Asked, { caller, fingerprint, requestId, transport, signal }: LiveScope) {
    const open = async (until: AbortSignal) => {
      const { graph } = this.#options.current;
      const scope: RequestScope = { caller, requestId, origin: 'client', signal: until };
      const results = await this.#operations.stream({ ...asked, graph }, { caller, requestId, transport, signal: until }, () => this.#open(graph, asked, scope));
      return results instanceof LiveSubscription ? this.#sized(results) : results;
    };
    if (isReplayed(asked.operation, asked.variables)) return open(signal);
    const key = JSON.stringify([fingerprint, asked.operationName ?? null, asked.text, asked.variables]);
    return this.#shared.read(key, open);
  }

  async #open(graph: FederatedGraph, asked: Asked, scope: RequestScope): Promise<LiveSubscription | ExecutionResult> {
    const { current, log } = this.#options;
    const results = await LiveSubscription.open(graph, { operation: asked, scope, onEnd: () => this.#running.delete(results as LiveSubscription), log });
    if (!(results instanceof LiveSubscription)) return results;
    this.#running.set(results, asked);
    if (current.graph !== graph) void this.#move(results, asked);
    return results;
  }

  /** One in each turn of the event loop, so that requests are answered meanwhile. */
  async #moveAll(): Promise<void> {
    for (const [subscription, asked] of this.#running) {
      await this.#move(subscription, asked);
      await turn();
    }
  }

  async #move(subscription: LiveSubscription, asked: Asked): Promise<void> {
    const { graph } = this.#options.current;
    try {
      const [fault] = this.#operations.faults({ ...asked, graph });
      if (fault) throw new HutongError(String(fault.extensions.code), 400, fault.message, { extensions: fault.extensions });
      await subscription.moveTo(graph);
    } catch (error) {
      if (!(error instanceof HutongError)) this.#options.log.error({ err: error }, 'a subscription could not be moved to another graph');
      const { code, status, message, extensions } = error instanceof HutongError ? error : internalError({ requestId: '' });
      subscription.end(new HutongError(code, status, `${CHANGED}: ${message}`, { extensions }));
    }
  }

  async #once({ text, document, operationName, variables }: { text: string; document: DocumentNode | undefined; operationName: string | undefined; variables: Record<string, unknown> }, { caller, requestId, transport, signal }: LiveScope): Promise<LiveAnswer> {
    const { server, limits } = this.#options;
    const requestMs = timeAllowed(limits.requestMs, text, variables);
    const tooLate = () => timedOut({ what: 'The request', seconds: requestMs / 1000 });
    const { body } = await withDeadline(Cancellation.of(signal), requestMs, tooLate, (until) =>
      server.executeOperation(
        { query: text, variables, ...(operationName === undefined ? {} : { operationName }) },
        { contextValue: { text, caller, requestId, transport, signal: until.signal, graphqlResponse: true } },
      ),
    );
    if (body.kind !== 'single') throw new Error('The answer comes in parts, which nobody asked for');
    const { data, errors = [] } = body.singleResult;
    if (data === undefined) return { refused: errors.map((error) => new ShownError(error)) };
    return { results: only(this.#withinSize(body.singleResult)), document: document!, operationName };
  }

  /** Undefined when it is no GraphQL; the answer to that is Apollo Server's. */
  #parsed(text: string): DocumentNode | undefined {
    const known = this.#documents.get(text);
    if (known) return known;
    try {
      const document = parse(text, { maxTokens: this.#options.limits.tokens });
      this.#documents.set(text, document);
      return document;
    } catch (error) {
      if (error instanceof GraphQLError) return undefined;
      throw error;
    }
  }

  /** Apart from what opens the stream: whatever is in reach of this function lives as long as the stream, and a graph may not. */
  #sized(results: LiveSubscription) {
    return mapIterator(results, (result) => this.#withinSize(result) as ExecutionResult);
  }

  #withinSize(result: ExecutionResult | FormattedExecutionResult): FormattedExecutionResult {
    const { responseBytes } = this.#options.limits;
    try {
      answerText(result, responseBytes);
      return result;
    } catch (error) {
      if (error instanceof HutongError) return { data: null, errors: [graphError(error).toJSON()] };
      throw error;
    }
  }
}

function refusedWith(error: HutongError): { refused: readonly GraphQLError[] } {
  const refused = [graphError(error)];
  refusals.tell({ errors: refused });
  return { refused };
}

/** An error that Apollo Server has already put in the form in which it is shown. */
class ShownError extends GraphQLError {
  readonly #shown: GraphQLFormattedError;

  constructor(shown: GraphQLFormattedError) {
    super(shown.message, { extensions: shown.extensions ?? {} });
    this.#shown = shown;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#shown;
  }
}

function soundRequest({ query, operationName, variables }: LiveRequest): { operationName: string | undefined; variables: Record<string, unknown> } {
  if (query != null && typeof query !== 'string') throw badInput({ problem: 'query: expected a GraphQL document as a text' });
  if (operationName != null && typeof operationName !== 'string') throw badInput({ problem: 'operationName: expected a text' });
  if (variables != null && (typeof variables !== 'object' || Array.isArray(variables))) throw badInput({ problem: 'variables: expected a JSON object' });
  return { operationName: operationName || undefined, variables: (variables ?? {}) as Record<string, unknown> };
}

function isReplayed({ selectionSet, variableDefinitions = [] }: OperationDefinitionNode, variables: Record<string, unknown>): boolean {
  return selectionSet.selections.some((selection) => {
    // A fragment could hold the root field: such an operation is taken for one of its own.
    if (selection.kind !== Kind.FIELD) return true;
    const from = selection.arguments?.find(({ name }) => name.value === REPLAYED_FROM)?.value;
    if (from === undefined || from.kind === Kind.NULL) return false;
    if (from.kind !== Kind.VARIABLE) return true;
    const hasDefault = variableDefinitions.some(({ variable, defaultValue }) => variable.name.value === from.name.value && defaultValue !== undefined);
    return hasDefault || variables[from.name.value] != null;
  });
}

function only<Item>(item: Item): AsyncIterableIterator<Item> {
  let given = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next(): Promise<IteratorResult<Item>> {
      if (given) return { done: true, value: undefined };
      given = true;
      return { done: false, value: item };
    },
    async return(): Promise<IteratorResult<Item>> {
      given = true;
      return { done: true, value: undefined };
    },
  };
}
