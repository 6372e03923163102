import { operationFromDocument, type Schema, type Supergraph } from '@apollo/federation-internals';
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner';
import { limitExceeded } from '@hutong/common';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { withConcreteFragments } from './concrete-fragments.js';
import { plannedDocument } from './planned-document.js';
import { isOutOfTime, withinTime } from './time-limit.js';

/** What the planner ends with when it would have to look at more combinations than fit into an array, or calls itself too often. */
const isTooMuch = (failure: unknown): boolean => failure instanceof RangeError;

/** Apollo's query planner, given documents in forms that it has a plan for. */
export class OperationPlanner {
  readonly #supergraph: Supergraph;
  readonly #apiSchema: Schema;
  readonly #schema: GraphQLSchema;
  #planner: QueryPlanner;

  constructor(supergraph: Supergraph, schema: GraphQLSchema) {
    this.#supergraph = supergraph;
    this.#apiSchema = supergraph.apiSchema();
    this.#schema = schema;
    this.#planner = new QueryPlanner(supergraph);
  }

  /**
   * @param document that is valid
   * @param milliseconds how long it may take
   * @throws LIMIT_EXCEEDED when it takes longer, or more than there is
   */
  plan(document: DocumentNode, operationName: string | undefined, milliseconds: number): QueryPlan {
    if (milliseconds === Infinity) return this.#plan(document, operationName);
    try {
      return withinTime(milliseconds, () => this.#plan(document, operationName));
    } catch (failure) {
      if (!isOutOfTime(failure) && !isTooMuch(failure)) throw failure;
      // Nobody knows in what state that one was left.
      this.#planner = new QueryPlanner(this.#supergraph);
      throw limitExceeded({ limit: 'planning', allowed: `${milliseconds} ms to plan an operation` });
    }
  }

  #plan(document: DocumentNode, operationName: string | undefined): QueryPlan {
    const planned = plannedDocument(document, this.#schema);
    try {
      return this.#built(planned, operationName);
    } catch (failure) {
      if (isTooMuch(failure)) throw failure;
      const concrete = withConcreteFragments(planned, this.#schema);
      if (!concrete) throw failure;
      return this.#built(concrete, operationName);
    }
  }

  #built(document: DocumentNode, operationName: string | undefined): QueryPlan {
    return this.#planner.buildQueryPlan(operationFromDocument(this.#apiSchema, document, operationName ? { operationName } : {}));
  }
}
