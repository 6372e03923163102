import { operationFromDocument, Supergraph, type Schema } from '@apollo/federation-internals';
import { QueryPlanner, type QueryPlan } from '@apollo/query-planner';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { withConcreteFragments } from './concrete-fragments.js';
import { plannedDocument } from './planned-document.js';

/** Apollo's query planner, given documents in forms that it has a plan for. */
export class OperationPlanner {
  readonly #apiSchema: Schema;
  readonly #schema: GraphQLSchema;
  readonly #planner: QueryPlanner;

  constructor(supergraph: Supergraph, schema: GraphQLSchema) {
    this.#apiSchema = supergraph.apiSchema();
    this.#schema = schema;
    this.#planner = new QueryPlanner(supergraph);
  }

  /** @param document that is valid */
  plan(document: DocumentNode, operationName: string | undefined): QueryPlan {
    const planned = plannedDocument(document, this.#schema);
    try {
      return this.#built(planned, operationName);
    } catch (failure) {
      const concrete = withConcreteFragments(planned, this.#schema);
      if (!concrete) throw failure;
      return this.#built(concrete, operationName);
    }
  }

  #built(document: DocumentNode, operationName: string | undefined): QueryPlan {
    return this.#planner.buildQueryPlan(operationFromDocument(this.#apiSchema, document, operationName ? { operationName } : {}));
  }
}
