import { createSourceEventStream, execute, GraphQLError, OperationTypeNode, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { Log } from '../log/log.js';
import { isConnectionTimeout } from '../database/connection-wait.js';
import { mapIterator } from '../events/map-iterator.js';
import { subgraphUnavailable } from '../errors/common.errors.js';
import type { HutongError } from '../errors/define-error.js';
import { showError } from '../errors/show-error.js';
import { AnswerBudget } from './answer-budget.js';
import type { SubgraphConnection, SubgraphRequest } from './connection.js';
import { CompiledQuery } from './compiled/compiled-query.js';
import { countAnswers } from './counted-schema.js';
import { ParsedDocuments } from './document-memory.js';
import { ExecutionTurns } from './execution-turns.js';

interface LocalSubgraph {
  name: string;
  schema: GraphQLSchema;
  /** Makes the context of one request. */
  contextFor: (request: SubgraphRequest) => object;
  ready: () => Promise<void>;
  log: Log;
}

/**
 * The way to a subgraph in this process: no HTTP, no JSON. Documents are parsed once and not validated, as they come
 * from the query planner or from operations that were checked at build. Queries and events take turns; mutations, which may
 * have to wait for what they began, and peers, while somebody's turn waits for them, do not.
 */
export class LocalConnection implements SubgraphConnection {
  readonly name: string;
  readonly #subgraph: LocalSubgraph;
  readonly #documents = new ParsedDocuments();
  readonly #turns = new ExecutionTurns();
  /** Undefined of a document that graphql-js runs. */
  readonly #compiled = new WeakMap<DocumentNode, CompiledQuery | undefined>();

  constructor(subgraph: LocalSubgraph) {
    this.name = subgraph.name;
    this.#subgraph = subgraph;
    countAnswers(subgraph.schema);
  }

  async execute(request: SubgraphRequest): Promise<ExecutionResult> {
    const { origin, live, signal, document, operationName } = request;
    if (origin === 'peer' || this.#documents.kindOf(document, operationName) !== OperationTypeNode.QUERY) return this.#run(request);
    return this.#turns.run(live ? 'event' : 'query', () => givenUpWith(signal, () => this.#run(request)));
  }

  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await createSourceEventStream(this.#arguments(request));
    if (!(Symbol.asyncIterator in events)) return this.#shown(events, request);
    // A context for each event: what one event loaded is old by the next.
    const run = (rootValue: unknown) => this.#run({ ...request, budget: request.budget && new AnswerBudget(request.budget.bytes) }, rootValue);
    if (request.origin === 'peer') return mapIterator(events, run);
    // Nobody reads what an event is told after the subscription has ended.
    return mapIterator(events, (rootValue) => this.#turns.run('event', async () => (request.signal.aborted ? {} : run(rootValue))));
  }

  ready(): Promise<void> {
    return this.#subgraph.ready();
  }

  async #run(request: SubgraphRequest, rootValue?: unknown): Promise<ExecutionResult> {
    const result = this.#begin(request, rootValue);
    const { budget } = request;
    if (!budget || !(result instanceof Promise)) return this.#shown(await result, request);
    return this.#shown(await Promise.race([result, budget.exceeded.catch(refused)]), request);
  }

  #begin(request: SubgraphRequest, rootValue: unknown): ExecutionResult | Promise<ExecutionResult> {
    const document = this.#parsed(request.document);
    let compiled = this.#compiled.get(document);
    if (!compiled && !this.#compiled.has(document)) this.#compiled.set(document, (compiled = CompiledQuery.of(this.#subgraph.schema, document)));
    if (compiled) return compiled.execute({ rootValue, variables: request.variables, context: this.#subgraph.contextFor(request) });
    return execute({ ...this.#arguments(request), rootValue });
  }

  #arguments(request: SubgraphRequest) {
    return {
      schema: this.#subgraph.schema,
      document: this.#parsed(request.document),
      variableValues: request.variables,
      operationName: request.operationName,
      contextValue: this.#subgraph.contextFor(request),
    };
  }

  #parsed(text: string): DocumentNode {
    const { document, faults } = this.#documents.get(text);
    if (!document) throw faults[0];
    return document;
  }

  /** Too many wanted the database at once: that passes. */
  #blamed(error: GraphQLError): GraphQLError {
    const { originalError, path, message } = error;
    if (!isConnectionTimeout(originalError)) return error;
    return new GraphQLError(message, { path, originalError: subgraphUnavailable({ subgraph: this.name, cause: originalError }) });
  }

  #shown(result: ExecutionResult, { requestId }: SubgraphRequest): ExecutionResult {
    if (!result.errors) return result;
    const errors = result.errors.map((error) => showError(this.#blamed(error), requestId, this.#subgraph.log));
    return { ...result, errors: errors as unknown as NonNullable<ExecutionResult['errors']> };
  }
}

/** Work that is over when the signal is aborted. @throws the reason of the signal */
async function givenUpWith<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work(), givenUp]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

const refused = (failure: HutongError): ExecutionResult => ({ errors: [new GraphQLError(failure.message, { originalError: failure })] });
