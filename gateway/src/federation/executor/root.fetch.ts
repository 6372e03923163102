import type { FetchNode } from '@apollo/query-planner';
import type { GraphQLSchema } from 'graphql';
import type { DataPath } from './data.path.js';
import { compileRewrites } from './data.rewrite.js';
import { deepCopyOf, type Data } from './fetched.data.js';
import type { Step } from './plan.program.js';

/** Asks for fields of the root. */
export function rootFetch(node: FetchNode, path: DataPath, schema: GraphQLSchema): Step {
  const { serviceName } = node;
  const rewrite = compileRewrites(node.outputRewrites, schema);
  return async (targets, run) => {
    const { data, errors } = await run.requests.root(node);
    for (const error of errors ?? []) run.refused(serviceName, { ...error, ...(error.path ? { path: [...path, ...error.path] } : {}) });
    if (!data) return;
    const answer = rewrite ? (deepCopyOf(data) as Data) : data;
    rewrite?.(answer);
    for (const target of targets) run.joins.add(target, answer);
  };
}
