import { createSourceEventStream, execute, GraphQLError, parse, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { Log } from '../log/log.js';
import { mapIterator } from '../events/map-iterator.js';
import type { HutongError } from '../errors/define-error.js';
import { showError } from '../errors/show-error.js';
import { AnswerBudget } from './answer-budget.js';
import type { SubgraphConnection, SubgraphRequest } from './connection.js';
import { countAnswers } from './counted-schema.js';

interface LocalSubgraph {
  name: string;
  schema: GraphQLSchema;
  /** Makes the context of one request. */
  contextFor: (request: SubgraphRequest) => object;
  ready: () => Promise<void>;
  log: Log;
}

/** Distinct documents kept parsed; the gateway's planner makes few of them. */
const REMEMBERED_DOCUMENTS = 2_000;

/**
 * The way to a subgraph in this process: no HTTP, no JSON. Documents are parsed once and not validated, as they come
 * from the query planner or from operations that were checked at build.
 */
export class LocalConnection implements SubgraphConnection {
  readonly name: string;
  readonly #subgraph: LocalSubgraph;
  readonly #documents = new Map<string, DocumentNode>();

  constructor(subgraph: LocalSubgraph) {
    this.name = subgraph.name;
    this.#subgraph = subgraph;
    countAnswers(subgraph.schema);
  }

  async execute(request: SubgraphRequest): Promise<ExecutionResult> {
    return this.#run(request);
  }

  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await createSourceEventStream(this.#arguments(request));
    if (!(Symbol.asyncIterator in events)) return this.#shown(events, request);
    // A context for each event: what one event loaded is old by the next.
    return mapIterator(events, (rootValue) => this.#run({ ...request, budget: request.budget && new AnswerBudget(request.budget.bytes) }, rootValue));
  }

  ready(): Promise<void> {
    return this.#subgraph.ready();
  }

  async #run(request: SubgraphRequest, rootValue?: unknown): Promise<ExecutionResult> {
    const result = execute({ ...this.#arguments(request), rootValue });
    const { budget } = request;
    if (!budget || !(result instanceof Promise)) return this.#shown(await result, request);
    return this.#shown(await Promise.race([result, budget.exceeded.catch(refused)]), request);
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
    let document = this.#documents.get(text);
    if (!document) {
      if (this.#documents.size >= REMEMBERED_DOCUMENTS) this.#documents.clear();
      this.#documents.set(text, (document = parse(text, { noLocation: true })));
    }
    return document;
  }

  #shown(result: ExecutionResult, { requestId }: SubgraphRequest): ExecutionResult {
    if (!result.errors) return result;
    const errors = result.errors.map((error) => showError(error, requestId, this.#subgraph.log));
    return { ...result, errors: errors as unknown as NonNullable<ExecutionResult['errors']> };
  }
}

const refused = (failure: HutongError): ExecutionResult => ({ errors: [new GraphQLError(failure.message, { originalError: failure })] });
