import type { QueryPlan } from '@apollo/query-planner';
import { executeSync, Kind, type FieldNode, type FragmentDefinitionNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GraphOperation } from '../federated-graph.js';
import { ofSubgraph } from '../subgraph.errors.js';
import { conditionValue, conditionVariables } from './included.selection.js';
import type { PlanExecutor, PreparedPlan } from './plan.executor.js';
import { compilePlan } from './plan.program.js';
import { compileShape, type ResponseShape } from './response.shape.js';

/** Forms of one operation, by what its conditions are, that are kept. */
const SHAPES = 8;

export interface CompiledExecutorOptions {
  /** What clients see. */
  schema: GraphQLSchema;
  /** With what they do not see. */
  supergraphSchema: GraphQLSchema;
}

/** Compiles each plan once: to steps that know what to read, to ask and to merge, and to the form of the answer. */
export class CompiledExecutor implements PlanExecutor {
  constructor(private readonly options: CompiledExecutorOptions) {}

  prepare({ document, operationName }: Omit<GraphOperation, 'text'>, queryPlan: QueryPlan): PreparedPlan {
    const { schema, supergraphSchema } = this.options;
    const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    const operation = operations.find(({ name }) => operationName === undefined || name?.value === operationName)!;
    const fragmentNodes = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
    const fragments = new Map(fragmentNodes.map((fragment) => [fragment.name.value, fragment]));
    const program = compilePlan(queryPlan, supergraphSchema);
    const names = conditionVariables(document);
    const shapes = new LRUCache<string, ResponseShape>({ max: SHAPES });
    const shapeFor = (variables: Record<string, unknown>): ResponseShape => {
      const conditions = Object.fromEntries(names.map((name) => [name, conditionValue(operation, name, variables)]));
      const key = names.map((name) => Number(conditions[name])).join('');
      let shape = shapes.get(key);
      if (!shape) shapes.set(key, (shape = compileShape({ schema, fragments, conditions }, operation.selectionSet, schema.getRootType(operation.operation)!)));
      return shape;
    };
    return {
      async run(fetches, variables, scope) {
        const errors: unknown[] = [];
        const fetched = await program({
          variables,
          fetch: (subgraph, request) => fetches[subgraph]!(request, scope),
          condition: (name) => conditionValue(operation, name, variables),
          refused: (subgraph, { message, path, extensions }) => errors.push(ofSubgraph({ message, ...(path ? { path } : {}), ...(extensions ? { extensions } : {}) }, subgraph)),
          failed: (error) => errors.push(error),
        });
        const { data, faults } = shapeFor(variables).complete(fetched, (fields) => introspected(schema, { operation, fragmentNodes, fields, variables }));
        // A failure leaves values missing that are no faults of their own.
        return { data, errors, incomplete: errors.length > 0 ? [] : faults };
      },
    };
  }
}

interface Introspection {
  operation: OperationDefinitionNode;
  fragmentNodes: readonly FragmentDefinitionNode[];
  fields: readonly FieldNode[];
  variables: Record<string, unknown>;
}

function introspected(schema: GraphQLSchema, { operation, fragmentNodes, fields, variables }: Introspection): unknown {
  const alone: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: fields } };
  const { data, errors } = executeSync({ schema, document: { kind: Kind.DOCUMENT, definitions: [alone, ...fragmentNodes] }, variableValues: variables, rootValue: {} });
  if (errors) throw errors[0]!;
  return Object.values(data!)[0];
}
