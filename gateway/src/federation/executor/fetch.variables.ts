import type { FetchNode } from '@apollo/query-planner';
import { setOwn } from './fetched.data.js';

/** The variables of an operation that a fetch uses. */
export function fetchVariables({ variableUsages = [] }: FetchNode, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const used: Record<string, unknown> = {};
  for (const name of variableUsages) if (Object.hasOwn(given, name) && given[name] !== undefined) setOwn(used, name, given[name]);
  return used;
}
