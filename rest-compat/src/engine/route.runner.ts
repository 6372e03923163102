import { discardRest, type Upload } from '@hutong/common/process';
import type { Request, Response } from 'express';
import { answerOf, type Answer } from './answer.js';
import { parseJsonBody } from './body.json.js';
import { readBody, requireJsonType } from './body.reader.js';
import type { Contract, Destination, OperationRoute, Takes } from './contract.js';
import type { Lifetime } from './deadline.js';
import { Failure, failure, type FailureCode } from './failure.js';
import { graphFailure } from './graph.failure.js';
import type { Graph, GraphCaller, GraphError } from './graph.js';
import { readInput } from './input.reader.js';
import { parseQuery } from './query.parser.js';
import type { Endpoint } from './route.index.js';
import type { RestCompatSettings } from './settings.js';
import { UndoRunner } from './undo.runner.js';
import { isUploadForm, UploadForm } from './upload.form.js';

/** One request on its way to its answer. */
export interface Exchange extends Lifetime {
  request: Request;
  response: Response;
  caller: GraphCaller;
  /** What stands in the path for the row's parameters. */
  parameters: Readonly<Record<string, string>>;
  /** Told the parsed body or query, so that a later failure can quote from it. */
  onInput(input: unknown): void;
}

/** What a waiting request may take beside its wait, as at the gateway. */
const BESIDE_WAIT_SECONDS = 10;
/** The longest that an upload may take; a pause in it ends it much sooner. */
const UPLOAD_MS = 86_400_000;

/** Failures that say something of us and nothing of the request: logged, and shown without their message. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['INTERNAL_SERVER_ERROR', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']);

/** What of a row its operation's failures are told by. */
type Executed = Pick<OperationRoute<unknown, unknown>, 'operation' | 'takes' | 'fields'>;

/** Takes a request from its row's input to its answer. */
export class RouteRunner {
  readonly #graph: Graph;
  readonly #settings: RestCompatSettings;
  readonly #undo: UndoRunner;

  constructor(graph: Graph, settings: RestCompatSettings) {
    this.#graph = graph;
    this.#settings = settings;
    this.#undo = new UndoRunner(graph, settings.log);
  }

  /** @throws Failure */
  async run(endpoint: Endpoint, search: string, exchange: Exchange): Promise<Answer | Destination> {
    const { contract, row } = endpoint;
    if ('readiness' in row) return answerOf(row.readiness(await this.#graph.readiness()));
    if (row.takes.from === 'upload' && (!row.takes.isOptional || isUploadForm(exchange.request))) return this.#runWithFile(contract, row, row.takes, exchange);
    const sent = await this.#read(row, endpoint, search, exchange);
    exchange.onInput(sent);
    return this.answer(contract, row, readInput(row.takes, sent), exchange);
  }

  /** What a row answers to its input. @throws Failure */
  async answer(contract: Contract, row: OperationRoute<unknown, unknown>, input: unknown, exchange: Exchange, file?: Upload): Promise<Answer | Destination> {
    if (row.waits) exchange.allow((row.waits(this.#settings) + BESIDE_WAIT_SECONDS) * 1_000);
    const asked = { parameters: exchange.parameters, html: wantsPage(exchange.request), file, waitSeconds: this.#settings.waitSeconds };
    const variables = row.variables(input, asked);
    const doing = { contract, row, variables, exchange };
    const data = await this.#ask(contract, row, variables, exchange).catch((error: unknown) => {
      this.#undo.afterFailure(doing, error);
      throw error;
    });
    this.#undo.unlessAnswered(doing, data);
    const destination = row.destination?.(data, asked);
    if (destination) return destination;
    const answer = answerOf(contract.envelope.success(row.result(data, input, asked)));
    const { answerLimitBytes } = this.#settings;
    if (row.method === 'GET' && answer.bytes.length > answerLimitBytes) {
      throw failure('LIMIT_EXCEEDED', `The answer is larger than ${answerLimitBytes} bytes; ask for less at once`);
    }
    return answer;
  }

  /** Asks the graph whether the credential is good. @throws Failure */
  async check(contract: Contract, exchange: Exchange): Promise<void> {
    await this.#execute(contract, { operation: contract.callerCheck!, takes: { from: 'nothing' } }, {}, exchange);
  }

  /** Nothing of a file is taken in for somebody who may not send one. Its sender may take the time that the upload's own limits leave. */
  async #runWithFile(contract: Contract, row: OperationRoute<unknown, unknown>, takes: Extract<Takes<unknown>, { from: 'upload' }>, exchange: Exchange) {
    discardRest(exchange.request, exchange.response, this.#settings.uploads.idleMs);
    await this.check(contract, exchange);
    exchange.allow(UPLOAD_MS);
    await using form = await UploadForm.receive(exchange.request, takes.file, this.#settings.uploads, takes.isOptional);
    exchange.onInput(form.texts);
    return await this.answer(contract, row, readInput(takes, form.texts), exchange, form.file);
  }

  async #read(row: OperationRoute<unknown, unknown>, { parameters }: Endpoint, search: string, { request }: Exchange): Promise<unknown> {
    if (row.takes.from === 'nothing') return undefined;
    if (row.takes.from === 'query') return parseQuery(search, parameters);
    requireJsonType(request.headers['content-type']);
    const { bodyLimitBytes, bulkBodyLimitBytes } = this.#settings;
    const bytes = await readBody(request, row.limit === 'bulk' ? bulkBodyLimitBytes : bodyLimitBytes);
    return row.takes.from === 'upload' && bytes.length === 0 ? {} : parseJsonBody(bytes);
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

  async #execute(contract: Contract, row: Executed, variables: Record<string, unknown>, { caller, signal }: Exchange) {
    const document = contract.operations.text(row.operation);
    const { data, errors } = await this.#graph.execute({ document, operationName: row.operation, variables, caller, signal, ...(row.takes.from === 'upload' ? { received: Promise.resolve() } : {}) });
    const error = errors?.[0];
    if (error) throw this.#refusal(error, contract, row, caller);
    if (!data) throw new Error(`${row.operation} was answered with neither data nor errors`);
    return data as unknown;
  }

  #refusal(error: GraphError, contract: Contract, row: Executed, { requestId }: GraphCaller): Failure {
    const code = error.extensions?.['code'];
    if (typeof code === 'string' && Object.hasOwn(contract.errors, code) && !OWN_FAULTS.has(code)) {
      return graphFailure(error, code as FailureCode, row);
    }
    this.#settings.log.error({ requestId, operation: row.operation, code, graphMessage: error.message, path: error.path },
      'a stored operation failed with a code that is not the caller’s fault or has no number');
    return failure('INTERNAL_SERVER_ERROR', 'Internal Server Error');
  }
}

/** A browser that follows a link, and no program that takes anything. */
const wantsPage = (request: Request): boolean => request.accepts(['application/json', 'text/html']) === 'text/html';
