import { operationFromDocument, Supergraph, type Schema } from '@apollo/federation-internals';
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { withConcreteFragments } from './concrete-fragments.js';
import { plannedDocument } from './planned-document.js';

/** What the planner ends with when it would have to look at more combinations than fit into an array, or calls itself too often. */
export const isTooMuch = (failure: unknown): boolean => failure instanceof RangeError;

/** Apollo's query planner, given documents in forms that it has a plan for. */
export class OperationPlanner {
  readonly #apiSchema: Schema;
  readonly #schema: GraphQLSchema;
  readonly #planner: QueryPlanner;

  constructor(supergraphSdl: string) {
    const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
    this.#apiSchema = supergraph.apiSchema();
    this.#schema = this.#apiSchema.toGraphQLJSSchema();
    this.#planner = new QueryPlanner(supergraph);
  }

  /** @param document that is valid. @throws what {@link isTooMuch} knows, for what nobody can plan */
  plan(document: DocumentNode, operationName: string | undefined): QueryPlan {
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
