import { AggregatorRegistry, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { circuitBreakers, databasePools, eventQueues, eventReads, limitsHit, slowReaders, routeExchanges, subgraphFetches, subgraphRequests, subgraphRetries } from './activities.js';
import { secondsOf, type Activity } from './activity.js';
import { Counts } from './counts.metric.js';
import { Durations } from './durations.metric.js';
import type { MetricsSource } from './metrics-answer.js';
import { codeOf } from './outcome.js';

/** Upper bounds in seconds. `request`: those that OpenTelemetry advises for HTTP; `short`: for what is a small part of one. */
const BUCKETS = {
  request: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  short: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
};

const OK = 'ok';
const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
/** Names of limits that are one of ours, and not made of what a caller sent. */
const LIMIT_NAME = /^[A-Za-z][A-Za-z ]{0,40}$/;

/** The metrics of one process as plain data. */
export type MetricValues = object[];

/** What happens in this process as Prometheus metrics, counted from the moment it is made until it is stopped. */
export class Metrics implements MetricsSource {
  readonly registry = new Registry();
  readonly #stops: (() => void)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#countFetches();
    this.#countRequests();
    this.#countRemote();
    this.#countDatabases();
    this.#countEvents();
    const limits = this.counts('hutong_limit_hits_total', 'What was refused because of a limit, by its name', 'limit');
    this.until(limitsHit.hear(({ limit }) => limits.inc(LIMIT_NAME.test(limit) ? limit : 'other')));
  }

  counts<const Names extends readonly string[]>(name: string, help: string, ...labelNames: Names): Counts<Names> {
    const counts = new Counts({ name, help, labelNames });
    counts.register(this.registry);
    return counts;
  }

  /** @param collect sets the gauge when it is asked for */
  gauge<Label extends string>(name: string, help: string, labelNames: Label[], collect?: (gauge: Gauge<Label>) => void): Gauge<Label> {
    const gauge: Gauge<Label> = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect ? { collect: () => collect(gauge) } : {}),
    });
    return gauge;
  }

  /** A histogram of seconds. */
  durations<const Names extends readonly string[]>(name: string, help: string, buckets: keyof typeof BUCKETS, ...labelNames: Names): Durations<Names> {
    const durations = new Durations({ name, help, bounds: BUCKETS[buckets], labelNames });
    durations.register(this.registry);
    return durations;
  }

  /** What of an activity is under way, to be looked at when metrics are asked for. */
  underWay<Details extends object, Result>(activity: Activity<Details, Result>): ReadonlySet<Details> {
    const present = new Set<Details>();
    this.until(
      activity.onStart(({ details }) => present.add(details)),
      activity.onEnd(({ details }) => present.delete(details)),
    );
    return present;
  }

  /** Calls these when counting stops. */
  until(...stops: (() => void)[]): void {
    this.#stops.push(...stops);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything in the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Everything as plain data, for {@link together} in another process. */
  values(): Promise<MetricValues> {
    return this.registry.getMetricsAsJSON();
  }

  /** The metrics of several processes as one text: sums, and averages of what is a share or a delay. */
  together(values: readonly MetricValues[]): Promise<string> {
    return AggregatorRegistry.aggregate(values as MetricValues[]).metrics();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.registry.clear();
  }

  #countFetches(): void {
    const durations = this.durations('hutong_subgraph_fetch_duration_seconds', 'Operations that this process asked of a subgraph, by what came of them: ok, or the code of the failure', 'request', 'subgraph', 'outcome');
    const underWay = new Map<string, number>();
    const add = (subgraph: string, more: number): unknown => underWay.set(subgraph, (underWay.get(subgraph) ?? 0) + more);
    this.gauge('hutong_subgraph_fetches_in_flight', 'Operations that a subgraph has not answered yet', ['subgraph'], (gauge) => {
      for (const [subgraph, fetches] of underWay) gauge.set({ subgraph }, fetches);
    });
    this.until(
      subgraphFetches.onStart(({ details }) => add(details.subgraph, 1)),
      subgraphFetches.onEnd((running) => {
        const { subgraph } = running.details;
        add(subgraph, -1);
        durations.observe(secondsOf(running), subgraph, running.error === undefined ? OK : codeOf(running.error));
      }),
    );
  }

  #countRequests(): void {
    const durations = this.durations('hutong_subgraph_request_duration_seconds', 'Operations that a subgraph in a process of its own answered, by HTTP status', 'request', 'subgraph', 'status');
    const exchanges = this.gauge('hutong_route_exchanges_active', 'Requests to routes of a subgraph in this process, and their WebSockets, that are open', ['subgraph', 'kind']);
    this.until(
      routeExchanges.onStart(({ details: { subgraph, kind } }) => exchanges.inc({ subgraph, kind })),
      routeExchanges.onEnd(({ details: { subgraph, kind } }) => exchanges.dec({ subgraph, kind })),
      subgraphRequests.onEnd((running) => durations.observe(secondsOf(running), running.details.subgraph, String(running.result?.status ?? 500))),
    );
  }

  #countRemote(): void {
    const retries = this.counts('hutong_subgraph_retries_total', 'Calls to a subgraph in another process that were made again', 'subgraph');
    const breakers = this.gauge('hutong_subgraph_circuit_breaker_state', 'The circuit breaker to a subgraph in another process: 1 for the state it is in', ['subgraph', 'state']);
    this.until(
      subgraphRetries.hear(({ subgraph }) => retries.inc(subgraph)),
      circuitBreakers.hear(({ subgraph, state }) => {
        for (const other of BREAKER_STATES) breakers.set({ subgraph, state: other }, other === state ? 1 : 0);
      }),
    );
  }

  #countDatabases(): void {
    const pools = this.underWay(databasePools);
    this.gauge('hutong_database_pool_connections', 'Connections to the database, by subgraph and whether they are in use', ['subgraph', 'state'], (gauge) => {
      for (const { subgraph, pool } of pools) {
        gauge.set({ subgraph, state: 'idle' }, pool.idleCount);
        gauge.set({ subgraph, state: 'used' }, pool.totalCount - pool.idleCount);
      }
    });
    this.gauge('hutong_database_pool_waiting', 'Requests that wait for a connection to the database', ['subgraph'], (gauge) => {
      for (const { subgraph, pool } of pools) gauge.set({ subgraph }, pool.waitingCount);
    });
  }

  #countEvents(): void {
    const queues = this.underWay(eventQueues);
    this.gauge('hutong_events_buffered', 'Events that wait for their readers', [], (gauge) => {
      let waiting = 0;
      for (const { queue } of queues) waiting += queue.length;
      gauge.set(waiting);
    });
    const read = this.counts('hutong_event_log_events_total', 'Events that were read from the log of a subgraph', 'subgraph');
    const lag = this.gauge('hutong_event_log_lag_seconds', 'How long ago the oldest event of the last batch was written when it was read', ['subgraph']);
    const slow = this.counts('hutong_slow_readers_total', 'Readers given up because they take events too slowly', 'at');
    this.until(
      eventReads.hear(({ subgraph, events, lagSeconds }) => {
        read.add(events, subgraph);
        lag.set({ subgraph }, lagSeconds);
      }),
      slowReaders.hear(({ at }) => slow.inc(at)),
    );
  }
}
