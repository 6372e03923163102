import type { PlanNode } from '@apollo/query-planner';
import { buildSchema, OperationTypeNode, type ExecutionResult, type GraphQLFormattedError } from 'graphql';
import { expect, test } from 'vitest';
import { compilePlan } from './plan.program.js';
import { RunRequests } from './run.requests.js';

const schema = buildSchema('type Query { boxes: [Box!] } type Box { id: ID! items: [Item!] } type Item { id: ID! label: String name: String flaws: Int }');

const root = (serviceName: string): PlanNode => ({ kind: 'Fetch', serviceName, operation: serviceName, operationKind: OperationTypeNode.QUERY, operationDocumentNode: undefined, variableUsages: [], requires: undefined, id: undefined, inputRewrites: undefined, outputRewrites: undefined, contextRewrites: undefined, operationName: undefined });
const named = [{ kind: 'Field', name: '__typename' }, { kind: 'Field', name: 'id' }] as const;
const entitiesOf = (serviceName: string, type: string, path: string[]): PlanNode => ({
  kind: 'Flatten',
  path,
  node: { ...root(serviceName), requires: [{ kind: 'InlineFragment', typeCondition: type, selections: [...named] }] } as never,
});

/** Boxes come first; then what is in them is asked for anew, and, of what is known of it by then, its flaws. */
const plan = compilePlan({ kind: 'QueryPlan', node: { kind: 'Sequence', nodes: [root('boxes'), { kind: 'Parallel', nodes: [entitiesOf('items', 'Box', ['boxes', '@']), entitiesOf('flaws', 'Item', ['boxes', '@', 'items', '@'])] }] } }, schema);

test('an error about an entity is told of its place, though the entity was joined with that of another list while it was asked about', async () => {
  const joined = Promise.withResolvers<void>();
  const answers: Record<string, () => Promise<ExecutionResult> | ExecutionResult> = {
    boxes: () => ({ data: { boxes: [{ __typename: 'Box', id: '1', items: [{ __typename: 'Item', id: 'a', label: 'A' }] }] } }),
    items() {
      setImmediate(joined.resolve);
      return { data: { _entities: [{ items: [{ __typename: 'Item', id: 'a', name: 'named' }] }] } };
    },
    async flaws() {
      await joined.promise;
      return { data: { _entities: [{ flaws: null }] }, errors: [{ message: 'unknown', path: ['_entities', 0, 'flaws'] } as never] };
    },
  };
  const told: GraphQLFormattedError[] = [];
  const { data, joins } = await plan.run({
    requests: new RunRequests({}, async (subgraph) => answers[subgraph]!()),
    condition: () => false,
    refused: (_subgraph, error) => void told.push(error),
    failed: (error) => expect.fail(String(error)),
  });
  expect(told).toEqual([{ message: 'unknown', path: ['boxes', 0, 'items', 0, 'flaws'] }]);
  const [box] = data['boxes'] as Record<string, Record<string, unknown>[]>[];
  expect(joins.of(joins.of(box!)['items'] as never)).toEqual([{ __typename: 'Item', id: 'a', label: 'A', name: 'named', flaws: null }]);
});
