import { answerTooLarge, HutongError, type Log } from '@hutong/common';
import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import type { CurrentGraph } from '../federation/current-graph.js';
import { DataText } from '../federation/federated-graph.js';
import { answerText } from '../limits/answer.check.js';
import type { Limits } from '../limits/limits.js';
import { operations } from '../telemetry/activities.js';
import { uploadOf } from '../uploads/upload-body.js';
import type { ClientOperations } from './client-operations.js';
import { errorFormat } from './error-format.js';
import { statusError } from './failure.js';
import type { GraphqlHandler, GraphqlRequest, GraphqlRequestContext, GraphqlResponse } from './graphql-request.js';
import { GRAPHQL_ANSWER, preferredType } from './media-types.js';
import { responseStatus } from './response-status.js';

export interface PlannedRouteOptions {
  current: CurrentGraph;
  operations: ClientOperations;
  /** Finds out what a request means and whose it is, once for each. */
  contextOf: (request: GraphqlRequest, response: GraphqlResponse) => Promise<GraphqlRequestContext>;
  limits: Limits;
  log: Log;
}

/** What Apollo Server takes of a body. */
interface SoundBody {
  operationName: string | undefined;
  variables: Record<string, unknown>;
}

/** What goes out. */
interface Answer {
  status: number;
  headers?: ReadonlyMap<string, string> | undefined;
  body: Buffer;
  /** Called when the body has gone out. */
  sent?: () => void;
  /** For those who count. */
  errors?: readonly GraphQLFormattedError[];
}

/**
 * Answers operations that were planned before and not forgotten, with the same checks, errors and statuses as Apollo Server's way, which
 * is the next handler and takes everything else: what is new, invalid, or asked for in an unusual form.
 */
export function plannedRoute({ current, operations: client, contextOf, limits, log }: PlannedRouteOptions): GraphqlHandler {
  const format = errorFormat({ log, tokens: limits.tokens });
  const answers = new AnswerForms(format, limits.responseBytes);
  return async (request, response, next) => {
    const body = soundBody(request, response);
    const type = body && preferredType(request, [GRAPHQL_ANSWER]);
    if (!body || type === undefined) return next();
    let context: GraphqlRequestContext;
    try {
      context = await contextOf(request, response);
    } catch {
      // The next handler asks for the context, too, and tells what is wrong.
      return next();
    }
    const { graph } = current;
    const known = graph.known(context.text, body.operationName);
    if (!known || known.planned.kind === 'subscription') return next();
    const { planned, document, operation } = known;
    const asked = { graph, text: context.text, document, operation, ...body };
    const { status, headers, body: bytes, sent } = await operations.run({ kind: planned.kind, transport: 'http' }, async () => answers.of(await client.write(asked, context), context));
    if (response.headersSent || response.destroyed) return;
    response.statusCode = status;
    for (const [name, value] of headers ?? []) response.setHeader(name, value);
    response.setHeader('content-type', type);
    response.setHeader('content-length', bytes.length);
    response.end(bytes, () => {
      // What could not be sent may still be read from by the system.
      if (!response.destroyed) sent?.();
    });
  };
}

/** Puts results into the form in which they go out. */
class AnswerForms {
  constructor(
    private readonly format: ReturnType<typeof errorFormat>,
    private readonly bytes: number,
  ) {}

  of(result: ExecutionResult | DataText, { graphqlResponse }: GraphqlRequestContext): Answer {
    try {
      if (result instanceof DataText) return { status: 200, body: this.#whole(result.answer), sent: () => result.sent() };
      const { data, errors = [] } = result;
      const shown = errors.map((error) => this.#shown(error));
      const http = errors.map(({ extensions }) => extensions['http'] as { status?: number; headers?: ReadonlyMap<string, string> } | undefined).find((head) => head !== undefined);
      const text = answerText({ ...(shown.length > 0 ? { errors: shown } : {}), data }, this.bytes);
      return { status: responseStatus({ data, errors: shown }, errors, graphqlResponse, http?.status) ?? http?.status ?? 200, headers: http?.headers, body: Buffer.from(text), errors: shown };
    } catch (error) {
      if (!(error instanceof HutongError)) throw error;
      const errors = [this.#shown(statusError(error))];
      return { status: error.status, body: Buffer.from(JSON.stringify({ errors })), errors };
    }
  }

  /** @throws LIMIT_EXCEEDED */
  #whole(body: Buffer): Buffer {
    if (body.length > this.bytes) throw answerTooLarge(this.bytes);
    return body;
  }

  #shown(error: GraphQLError): GraphQLFormattedError {
    const { http: _http, ...extensions } = error.extensions;
    return this.format({ ...error.toJSON(), extensions }, error);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined for a request in a form that Apollo Server is to judge. */
function soundBody(request: GraphqlRequest, response: GraphqlResponse): SoundBody | undefined {
  const { body } = request;
  if (request.method !== 'POST' || !isRecord(body) || uploadOf(response)) return undefined;
  const { query, variables, extensions, operationName } = body;
  if (query && typeof query !== 'string') return undefined;
  if (variables != null && !isRecord(variables)) return undefined;
  if (extensions != null && !isRecord(extensions)) return undefined;
  if (operationName != null && (typeof operationName !== 'string' || operationName === '')) return undefined;
  return { operationName: operationName ?? undefined, variables: variables ?? {} };
}
