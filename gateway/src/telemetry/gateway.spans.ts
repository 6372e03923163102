import { answered, type Tracing } from '@hutong/common/telemetry';
import type { ExecutionResult } from 'graphql';
import { eventJoins, executions, httpRequests, parsing, planning, validation, type Answered } from './activities.js';
import { isAnswered, localsOf, methodOf, routeOf } from './http-exchange.js';

/** Names come from clients. */
const LONGEST_NAME = 100;

/** Makes spans of what the gateway does: the request, and within it the operation's parts and the fetches from subgraphs. */
export function traceGateway(tracing: Tracing): void {
  tracing.follow(httpRequests, {
    form: ({ request }) => ({ name: methodOf(request), kind: 'server', attributes: { 'http.request.method': methodOf(request), 'url.scheme': 'http' } }),
    closing: ({ details: { response, url } }) => {
      const { route, contract } = routeOf(response, url);
      const { requestId } = localsOf(response);
      return {
        'http.route': route,
        'hutong.contract': contract,
        ...(requestId === undefined ? {} : { 'hutong.request_id': requestId }),
        ...(isAnswered(response) ? { 'http.response.status_code': response.statusCode } : {}),
        ...(response.statusCode >= 500 ? { 'error.type': String(response.statusCode) } : {}),
      };
    },
    below: ({ request: { headers } }) => ({ traceparent: single(headers.traceparent), tracestate: single(headers.tracestate) }),
  });
  tracing.follow(parsing, { form: () => ({ name: 'graphql.parse' }) });
  tracing.follow(validation, { form: () => ({ name: 'graphql.validate' }) });
  tracing.follow(planning, { form: () => ({ name: 'graphql.plan' }) });
  tracing.follow(executions, {
    form: ({ kind, name, transport, requestId }) => ({
      name: kind,
      attributes: { 'graphql.operation.type': kind, ...(name === undefined ? {} : { 'graphql.operation.name': name.slice(0, LONGEST_NAME) }), 'hutong.transport': transport, 'hutong.request_id': requestId },
    }),
    closing,
  });
  // A stream goes on long after the request that began it.
  tracing.follow(eventJoins, { form: ({ requestId }) => ({ name: 'event', attributes: { 'hutong.request_id': requestId } }), closing, below: 'nothing' });
}

const single = (header: string | string[] | undefined): string | undefined => (typeof header === 'string' ? header : undefined);

const closing = ({ error, result }: { error?: unknown; result?: Answered | AsyncIterable<unknown> }) =>
  answered({ error, ...(result && !(Symbol.asyncIterator in result) ? { result: result as ExecutionResult } : {}) });
