import type { EntityManager } from '@mikro-orm/postgresql';
import type { Origin } from '../caller/access.js';
import type { Caller } from '../caller/caller.js';
import type { Peers } from '../peers/peers.js';
import type { AnswerBudget } from './answer-budget.js';

/** What one request may use while a subgraph answers it; also the key of its batching loaders. */
export interface RequestScope {
  readonly caller: Caller;
  readonly origin: Origin;
  readonly requestId: string;
  /** A fork of the subgraph's EntityManager for this request alone. */
  readonly em: EntityManager;
  readonly peers: Peers;
  /** Rows a page may hold: 100 for clients, 1,000 for contracts and peers. */
  readonly maxPageSize: number;
  readonly signal: AbortSignal;
  /** What the answer may still hold. */
  readonly budget?: AnswerBudget | undefined;
}

/** The GraphQL context of a subgraph: the request's scope and the subgraph's services. */
export interface SubgraphContext<Services> extends RequestScope {
  readonly services: Services;
}
