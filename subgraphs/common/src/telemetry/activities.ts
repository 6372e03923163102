import type { ExecutionResult } from 'graphql';
import type { Origin } from '../caller/access.js';
import { Activity, Occurrence } from './activity.js';

/** One operation that this process asks of a subgraph, here or elsewhere; ends when it is answered or given up. */
export const subgraphFetches = new Activity<{ subgraph: string; origin: Origin; requestId: string }, ExecutionResult>('subgraph.fetch');

/** One operation that a subgraph in a process of its own answers. */
export const subgraphRequests = new Activity<{ subgraph: string; requestId: string; traceparent: string | undefined }, { status: number; result: ExecutionResult }>('subgraph.request');

/** A request to a route of a subgraph in this process until its answer is out, or a WebSocket of one until it is closed. */
export const routeExchanges = new Activity<{ subgraph: string; requestId: string; kind: 'http' | 'websocket' }, { status: number | 'aborted' }>('subgraph.route');

/** A call to a subgraph in another process is made again. */
export const subgraphRetries = new Occurrence<{ subgraph: string }>('subgraph.retry');

/** The circuit breaker to a subgraph in another process is in this state from now on. */
export const circuitBreakers = new Occurrence<{ subgraph: string; state: 'closed' | 'open' | 'half_open' }>('subgraph.circuit-breaker');

/** A subgraph's pool of connections to its database, as long as it is open. */
export const databasePools = new Activity<{ subgraph: string; pool: { totalCount: number; idleCount: number; waitingCount: number } }>('database.pool');

/** Events were read from a subgraph's log; `lagSeconds` ago the first of them was written. */
export const eventReads = new Occurrence<{ subgraph: string; events: number; lagSeconds: number }>('events.read');

/** A queue between events and their reader, as long as it is open. */
export const eventQueues = new Activity<{ queue: { readonly length: number } }>('events.queue');

/** A reader of events, or of a subscription, was given up because it takes them too slowly. */
export const slowReaders = new Occurrence<{ at: 'events' | 'subscription' | 'websocket' | 'sse' }>('events.slow-reader');

/** Something was refused for being larger or more than a limit allows. */
export const limitsHit = new Occurrence<{ limit: string }>('limit.hit');
