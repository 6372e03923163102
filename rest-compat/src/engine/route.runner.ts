import type { Request } from 'express';
import { answerOf, type Answer } from './answer.js';
import { parseJsonBody } from './body.json.js';
import { readBody } from './body.reader.js';
import type { Contract, OperationRoute } from './contract.js';
import { Failure, failure, type FailureCode } from './failure.js';
import { graphFailure } from './graph.failure.js';
import type { Graph, GraphCaller, GraphError } from './graph.js';
import { readInput } from './input.reader.js';
import { parseQuery } from './query.parser.js';
import type { Endpoint } from './route.index.js';
import type { RestCompatSettings } from './settings.js';

/** One request on its way through its row. */
export interface Exchange {
  endpoint: Endpoint;
  request: Request;
  search: string;
  caller: GraphCaller;
  signal: AbortSignal;
  /** Told the parsed body or query, so that a later failure can quote from it. */
  onInput(input: unknown): void;
}

/** Failures that say something of us and nothing of the request: logged, and shown without their message. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']);

/** Takes a request from its row's input to its answer. */
export class RouteRunner {
  readonly #graph: Graph;
  readonly #settings: RestCompatSettings;

  constructor(graph: Graph, settings: RestCompatSettings) {
    this.#graph = graph;
    this.#settings = settings;
  }

  /** @throws Failure */
  async run(exchange: Exchange): Promise<Answer> {
    const { contract, row } = exchange.endpoint;
    if ('readiness' in row) return answerOf(row.readiness(await this.#graph.readiness()));
    const sent = await this.#read(row, exchange);
    exchange.onInput(sent);
    const input = readInput(row.takes, sent);
    const data = await this.#ask(contract, row, row.variables(input), exchange);
    const answer = answerOf(contract.envelope.success(row.result(data, input)));
    const { answerLimitBytes } = this.#settings;
    if (row.method === 'GET' && answer.bytes.length > answerLimitBytes) {
      throw failure('LIMIT_EXCEEDED', `The answer is larger than ${answerLimitBytes} bytes; ask for less at once`);
    }
    return answer;
  }

  async #read(row: OperationRoute<unknown, unknown>, { request, search, endpoint }: Exchange): Promise<unknown> {
    if (row.takes.from === 'nothing') return undefined;
    if (row.takes.from === 'query') return parseQuery(search, endpoint.parameters);
    const { bodyLimitBytes, bulkBodyLimitBytes } = this.#settings;
    return parseJsonBody(await readBody(request, row.limit === 'bulk' ? bulkBodyLimitBytes : bodyLimitBytes));
  }

  async #ask(contract: Contract, row: OperationRoute<unknown, unknown>, variables: Record<string, unknown>, exchange: Exchange) {
    const first = await this.#execute(contract, row, variables, exchange);
    if (!row.pages) return first;
    const pages = [first];
    for (let next = row.pages.next(first); next !== undefined; next = row.pages.next(pages.at(-1))) {
      exchange.signal.throwIfAborted();
      pages.push(await this.#execute(contract, row, { ...variables, ...next }, exchange));
    }
    return pages.length === 1 ? first : row.pages.join(pages);
  }

  async #execute(contract: Contract, row: OperationRoute<unknown, unknown>, variables: Record<string, unknown>, exchange: Exchange) {
    const { caller, signal } = exchange;
    const document = contract.operations.text(row.operation);
    const { data, errors } = await this.#graph.execute({ document, operationName: row.operation, variables, caller, signal });
    const error = errors?.[0];
    if (error) throw this.#refusal(error, contract, row, caller);
    if (!data) throw new Error(`${row.operation} was answered with neither data nor errors`);
    return data as unknown;
  }

  #refusal(error: GraphError, contract: Contract, row: OperationRoute<unknown, unknown>, { requestId }: GraphCaller): Failure {
    const code = error.extensions?.['code'];
    if (typeof code === 'string' && Object.hasOwn(contract.errors, code) && !OWN_FAULTS.has(code)) {
      return graphFailure(error, code as FailureCode, row);
    }
    this.#settings.log.error({ requestId, operation: row.operation, code, graphMessage: error.message, path: error.path },
      'a stored operation failed with a code that is not the caller’s fault or has no number');
    return failure('INTERNAL_SERVER_ERROR', 'Internal Server Error');
  }
}
