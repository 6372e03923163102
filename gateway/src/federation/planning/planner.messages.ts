import type { QueryPlan } from '@apollo/query-planner';

/** What a thread of planners is told: a graph to plan for, an operation of it, one at a time, and that the graph is let go. */
export type PlannerRequest = { kind: 'open'; graph: number; supergraphSdl: string } | PlanRequest | { kind: 'forget'; graph: number };

/** An operation to be planned. */
export interface PlanRequest {
  kind: 'plan';
  graph: number;
  /** A valid document. */
  text: string;
  operationName: string | undefined;
}

/** What a thread answers: `up`, once, when it has loaded what it needs, and then what became of each graph and operation. */
export type PlannerAnswer = { kind: 'up' } | { kind: 'opened'; graph: number } | { kind: 'plan'; plan: QueryPlan } | { kind: 'too much' } | { kind: 'failed'; reason: string };
