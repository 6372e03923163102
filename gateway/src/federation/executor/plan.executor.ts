import type { QueryPlan } from '@apollo/query-planner';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { FetchScope } from '../subgraph-fetch.js';
import type { DataText, GraphOperation } from '../federated-graph.js';
import type { PlannedFetch } from './plan.program.js';

/** What carries out plans: our own, which compiles them, or that of @apollo/gateway. */
export type PlanExecutorName = 'compiled' | 'apollo';

/** Asks one subgraph. Never rejects for a subgraph's fault. */
export type Fetch = (request: PlannedFetch, scope: FetchScope) => Promise<ExecutionResult>;

/** What became of a plan. */
export interface PlanOutcome {
  data: Record<string, unknown> | null;
  /** What steps failed with: of a subgraph's failure a GraphQLError with `serviceName` among its extensions. */
  errors: readonly unknown[];
  /** Why values had to become null though nothing failed. */
  incomplete: readonly GraphQLError[];
}

/** What became of a plan whose data may be told as JSON: where it is whole, there is nothing else to tell. */
export type PlanText = DataText | PlanOutcome;

/** A plan with all that is worked out once for it. */
export interface PreparedPlan {
  /** @param fetches by the name of the subgraph */
  run(fetches: Readonly<Record<string, Fetch>>, variables: Record<string, unknown>, scope: FetchScope): Promise<PlanOutcome>;
  /**
   * The same for who sends the data on as JSON; absent where the executor has no shorter way to that.
   *
   * @param atMost characters of the longest text
   * @throws LIMIT_EXCEEDED when it would be longer
   */
  write?(fetches: Readonly<Record<string, Fetch>>, variables: Record<string, unknown>, scope: FetchScope, atMost: number): Promise<PlanText>;
}

/** Carries out the plans of Apollo's query planner. */
export interface PlanExecutor {
  prepare(operation: Omit<GraphOperation, 'text'>, queryPlan: QueryPlan): PreparedPlan;
}
