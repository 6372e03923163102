import { secondsOf, type Metrics } from '@hutong/common/telemetry';
import { credentialLookups, deliveries, httpRequests, operations, planLookups, planning, refusals, sharedSources, sockets, subscriptions, writtenAnswers, type Answered } from './activities.js';
import { isAnswered, methodOf, routeOf } from './http-exchange.js';

const CODE = /^[A-Z][A-Z0-9_]{1,60}$/;

type Errors = NonNullable<Answered['errors']>;

const codeOf = ({ extensions }: Errors[number]): string => {
  const code: unknown = extensions?.code;
  return typeof code === 'string' && CODE.test(code) ? code : 'OTHER';
};

const errorsOf = (result: object | undefined): Errors => (result && 'errors' in result ? ((result as Answered).errors ?? []) : []);

/** Counts what the gateway does, until the metrics are stopped. */
export function countGateway(metrics: Metrics): void {
  countHttp(metrics);
  countOperations(metrics);
  countPlans(metrics);
  countSubscriptions(metrics);
  const lookups = metrics.counts('hutong_credential_lookups_total', 'Credentials whose caller was looked for, by whether it was remembered', 'result');
  metrics.until(credentialLookups.hear(({ remembered }) => lookups.inc(remembered ? 'remembered' : 'asked')));
}

function countHttp(metrics: Metrics): void {
  const durations = metrics.durations('http_server_request_duration_seconds', 'HTTP requests by contract, route template and class of the status; aborted: the caller went away first', 'request', 'method', 'contract', 'route', 'status');
  let active = 0;
  metrics.gauge('http_server_active_requests', 'HTTP requests under way, streams included', [], (gauge) => gauge.set(active));
  metrics.until(
    httpRequests.onStart(() => active++),
    httpRequests.onEnd((running) => {
      active--;
      const { request, response, url } = running.details;
      const { contract, route } = routeOf(response, url);
      const status = isAnswered(response) ? `${Math.trunc(response.statusCode / 100)}xx` : 'aborted';
      durations.observe(secondsOf(running), methodOf(request), contract, route, status);
    }),
  );
}

function countOperations(metrics: Metrics): void {
  const durations = metrics.durations('hutong_graphql_operation_duration_seconds', 'GraphQL operations from their text to their answer; of subscriptions, until the stream is open', 'request', 'kind', 'transport');
  const outcomes = metrics.counts('hutong_graphql_operations_total', 'GraphQL operations by what came of them: ok, or the code of the first error', 'kind', 'transport', 'outcome');
  const errors = metrics.counts('hutong_graphql_errors_total', 'Errors told to callers, by code', 'code');
  const count = (told: Errors): void => {
    for (const error of told) errors.inc(codeOf(error));
  };
  metrics.until(
    operations.onEnd((running) => {
      const { kind, transport } = running.details;
      const told = errorsOf(running.result);
      durations.observe(secondsOf(running), kind, transport);
      outcomes.inc(kind, transport, told[0] ? codeOf(told[0]) : 'ok');
      count(told);
    }),
    refusals.hear((refusal) => count(refusal.errors)),
    deliveries.hear(({ result }) => count(errorsOf(result))),
  );
}

function countPlans(metrics: Metrics): void {
  const lookups = metrics.counts('hutong_query_plan_cache_lookups_total', 'Plans looked for among those that are kept', 'result');
  let kept = 0;
  metrics.gauge('hutong_query_plan_cache_entries', 'Plans that are kept', [], (gauge) => gauge.set(kept));
  const written = metrics.counts('hutong_written_answers_total', 'Answers of plans by what they were made of: bytes of the subgraphs, or objects', 'way');
  const durations = metrics.durations('hutong_query_planning_duration_seconds', 'Making the plan of an operation that was not kept', 'short');
  metrics.until(
    planLookups.hear((lookup) => {
      lookups.inc(lookup.hit ? 'hit' : 'miss');
      kept = lookup.kept;
    }),
    writtenAnswers.hear(({ way }) => written.inc(way)),
    planning.onEnd((running) => durations.observe(secondsOf(running))),
  );
}

function countSubscriptions(metrics: Metrics): void {
  const open = metrics.gauge('hutong_subscriptions_active', 'Subscriptions of clients that are open', ['transport']);
  const delivered = metrics.counts('hutong_subscription_events_total', 'Results of subscriptions given to connections of clients', 'transport');
  const sources = metrics.gauge('hutong_subscription_sources_active', 'Streams of events that equal subscriptions share', []);
  metrics.until(
    subscriptions.onStart(({ details }) => open.inc(details)),
    subscriptions.onEnd(({ details }) => open.dec(details)),
    deliveries.hear(({ transport }) => delivered.inc(transport)),
    sharedSources.onStart(() => sources.inc()),
    sharedSources.onEnd(() => sources.dec()),
  );
  const present = metrics.underWay(sockets);
  metrics.gauge('hutong_websockets_active', 'WebSockets of clients that are open', [], (gauge) => gauge.set(present.size));
  metrics.gauge('hutong_websocket_buffered_bytes', 'Bytes that wait to be sent over WebSockets', [], (gauge) => {
    let bytes = 0;
    for (const { socket } of present) bytes += socket.bufferedBytes;
    gauge.set(bytes);
  });
}
