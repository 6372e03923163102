import type { IncomingMessage, ServerResponse } from 'node:http';
import { Activity, Occurrence } from '@hutong/common/telemetry';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';

/** How an operation came: as a request, over a connection that stays open, or as one that a contract is written with. */
export type Transport = 'http' | 'websocket' | 'sse' | 'stored';

/** What of a result matters here, shown or not. */
export interface Answered {
  data?: unknown;
  errors?: readonly GraphQLFormattedError[] | undefined;
}

/** One HTTP request, until its answer is out or its caller has gone; `sentBefore`: bytes that its connection had sent by then. */
export const httpRequests = new Activity<{ request: IncomingMessage; response: ServerResponse; url: string; sentBefore: number }>('http.request');

/** One operation, from its text to its answer; of a subscription, until its stream is open. */
export const operations = new Activity<{ kind: 'query' | 'mutation' | 'subscription' | 'unknown'; transport: Transport }, Answered | AsyncIterable<unknown>>('graphql.operation');

/** A document that was not seen before is parsed. */
export const parsing = new Activity<object>('graphql.parse');

/** A document that was not seen before is validated. */
export const validation = new Activity<object>('graphql.validate');

/** An operation is checked, planned and run. */
export const executions = new Activity<{ kind: string; name: string | undefined; transport: Transport; requestId: string }, Answered | AsyncIterable<unknown>>('graphql.execute');

/** An event of a subscription is joined with what other subgraphs know. */
export const eventJoins = new Activity<{ requestId: string }, Answered>('graphql.event');

/** The plan of an operation is made. */
export const planning = new Activity<object>('graphql.plan');

/** A plan was looked for among those that are kept. */
export const planLookups = new Occurrence<{ hit: boolean; kept: number }>('graphql.plan.lookup');

/** The data of an answer was made: put together from the bytes of the subgraphs' answers, or of objects. */
export const writtenAnswers = new Occurrence<{ way: 'bytes' | 'objects' }>('graphql.answer.written');

/** A request was refused before it became an operation. */
export const refusals = new Occurrence<{ errors: readonly GraphQLFormattedError[] }>('graphql.refusal');

/** A client's WebSocket, until it is closed with a code. */
export const sockets = new Activity<{ socket: { readonly bufferedBytes: number }; id: string; userId: () => string | null | undefined }, { code: number }>('websocket');

/** A client's WebSocket with a route of a subgraph, until it is closed. */
export const routeSockets = new Activity<{ id: string; contract: string; route: string; userId: string | null }>('route.websocket');

/** A subscription of one client, as long as it is open. */
export const subscriptions = new Activity<{ transport: Transport }>('subscription');

/** A result of a subscription was given to the connection of its client. */
export const deliveries = new Occurrence<{ transport: Transport; result: FormattedExecutionResult }>('subscription.delivery');

/** A stream of events that equal subscriptions share, as long as it is open. */
export const sharedSources = new Activity<object>('subscription.source');

/** It was found out whose a credential is: remembered, or asked of the identity subgraph. */
export const credentialLookups = new Occurrence<{ remembered: boolean }>('identity.lookup');
