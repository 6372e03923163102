import { createRequire } from 'node:module';
import type * as Apollo from '@apollo/gateway';
import type { Schema } from '@apollo/federation-internals';
import type { QueryPlan } from '@apollo/query-planner';
import type { GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface';
import type { Log } from '@hutong/common';
import type { ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import type { GraphOperation } from '../federated-graph.js';
import type { FetchScope } from '../subgraph-fetch.js';
import { isData, withoutType } from './fetched.data.js';
import type { Fetch, PlanExecutor, PreparedPlan } from './plan.executor.js';
import { namesObject } from './type.condition.js';

export interface ApolloExecutorOptions {
  schema: GraphQLSchema;
  supergraphSchema: GraphQLSchema;
  apiSchema: Schema;
  log: Log;
}

/** The stock plan executor of @apollo/gateway, which is loaded only where it is used: it takes more memory than everything else of the gateway. */
export class ApolloExecutor implements PlanExecutor {
  readonly #apollo = createRequire(import.meta.url)('@apollo/gateway') as typeof Apollo;

  constructor(private readonly options: ApolloExecutorOptions) {}

  prepare({ document, operationName }: Omit<GraphOperation, 'text'>, queryPlan: QueryPlan): PreparedPlan {
    const { schema, supergraphSchema, apiSchema, log } = this.options;
    const { buildOperationContext, executeQueryPlan } = this.#apollo;
    const context = buildOperationContext({ schema, operationDocument: document, ...(operationName ? { operationName } : {}) });
    return {
      async run(fetches, variables, scope) {
        const request = { request: { query: '', variables }, context: scope, document, metrics: {}, logger: log, schema };
        const { data = null, errors = [], extensions } = await executeQueryPlan(queryPlan, serviceMap(fetches, supergraphSchema), request as unknown as GatewayGraphQLRequestContext, context, supergraphSchema, apiSchema);
        return { data, errors, incomplete: (extensions?.valueCompletion ?? []) as readonly GraphQLError[] };
      },
    };
  }
}

const serviceMap = (fetches: Readonly<Record<string, Fetch>>, schema: GraphQLSchema): Record<string, Apollo.GraphQLDataSource> =>
  Object.fromEntries(
    Object.entries(fetches).map(([name, fetch]) => [
      name,
      {
        async process({ request: { query = '', operationName, variables = {} }, context }) {
          const { representations, ...given } = variables;
          const entities = Array.isArray(representations) ? representations.length : undefined;
          const result = await fetch({ document: query, operationName, variables, given, entities }, context as FetchScope);
          return entities === undefined ? result : withKnownTypes(result, schema);
        },
      },
    ]),
  );

/** Leaves out the type of an entity where it is told as an interface, as an `@interfaceObject` is: the executor would forget the one that it knows. */
function withKnownTypes(result: ExecutionResult, schema: GraphQLSchema): ExecutionResult {
  const entities: unknown = result.data?.['_entities'];
  if (!Array.isArray(entities)) return result;
  const known = entities.map((entity: unknown) => (isData(entity) && Object.hasOwn(entity, '__typename') && !namesObject(schema, entity['__typename']) ? withoutType(entity) : entity));
  return { ...result, data: { ...result.data, _entities: known } };
}
