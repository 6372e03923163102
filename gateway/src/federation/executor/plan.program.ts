import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';
import type { ExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { compileRewrites } from './data.rewrite.js';
import { compileRepresentation, type Represent } from './entity.representation.js';
import { isData, merge, readerOf, setOwn, type Data } from './fetched.data.js';

/** One request to a subgraph. */
export interface PlannedFetch {
  document: string;
  operationName: string | undefined;
  variables: Record<string, unknown>;
}

/** What a plan runs with. */
export interface PlanSurroundings {
  variables: Readonly<Record<string, unknown>>;
  /** Never rejects for a subgraph's fault. */
  fetch(subgraph: string, request: PlannedFetch): Promise<ExecutionResult>;
  /** The value of a Boolean variable. */
  condition(name: string): boolean;
  /** Takes an error of a subgraph, with its path in the whole answer. */
  refused(subgraph: string, error: GraphQLFormattedError): void;
  /** Takes what a step failed with of itself. */
  failed(error: unknown): void;
}

/** Runs a whole plan; answers all data that was fetched. */
export type PlanProgram = (surroundings: PlanSurroundings) => Promise<Data>;

/** Where steps go on: objects of what was fetched so far, and the way to them. */
interface Cursor {
  targets: readonly Data[];
  path: readonly string[];
}

interface Run extends PlanSurroundings {
  data: Data;
}

type Step = (cursor: Cursor, run: Run) => Promise<void>;

/** Any element of a list. */
const ANY = '@';

/** @param schema of the whole supergraph */
export function compilePlan({ node }: QueryPlan, schema: GraphQLSchema): PlanProgram {
  if (!node) return async () => ({});
  if (node.kind === 'Subscription') throw new Error('a subscription is run event by event');
  const step = stepOf(node, schema);
  return async (surroundings) => {
    const data: Data = {};
    await step({ targets: [data], path: [] }, { ...surroundings, data });
    return data;
  };
}

function stepOf(node: PlanNode, schema: GraphQLSchema): Step {
  switch (node.kind) {
    case 'Sequence':
      return inTurn(node.nodes.map((one) => stepOf(one, schema)));
    case 'Parallel':
      return atOnce(node.nodes.map((one) => stepOf(one, schema)));
    case 'Flatten':
      return below(node.path as readonly string[], stepOf(node.node, schema));
    case 'Condition': {
      const [met, unmet] = [node.ifClause, node.elseClause].map((clause) => clause && stepOf(clause, schema));
      return async (cursor, run) => (run.condition(node.condition) ? met : unmet)?.(cursor, run);
    }
    case 'Fetch': {
      const step = node.requires ? entityFetch(node, compileRepresentation(node.requires, schema), schema) : rootFetch(node, schema);
      return (cursor, run) => step(cursor, run).catch((error: unknown) => run.failed(error));
    }
    default:
      throw new Error(`a plan with ${node.kind} cannot be run`);
  }
}

const inTurn =
  (steps: readonly Step[]): Step =>
  async (cursor, run) => {
    for (const step of steps) await step(cursor, run);
  };

const atOnce =
  (steps: readonly Step[]): Step =>
  async (cursor, run) => {
    await Promise.all(steps.map((step) => step(cursor, run)));
  };

/** Has a step go on with all that is there along a path. */
function below(path: readonly string[], step: Step): Step {
  const readers = path.map((key) => (key === ANY ? undefined : readerOf(key)));
  const gather = (value: unknown, at: number, found: Data[]): void => {
    if (value === null || value === undefined) return;
    if (at === readers.length) {
      found.push(value as Data);
      return;
    }
    const read = readers[at];
    if (read) gather(read(value as Data), at + 1, found);
    else for (const item of value as unknown[]) gather(item, at + 1, found);
  };
  return async (cursor, run) => {
    const targets: Data[] = [];
    for (const target of cursor.targets) gather(target, 0, targets);
    if (targets.length > 0) await step({ targets, path: [...cursor.path, ...path] }, run);
  };
}

function rootFetch(node: FetchNode, schema: GraphQLSchema): Step {
  const rewrite = compileRewrites(node.outputRewrites, schema);
  return async ({ targets, path }, run) => {
    const { data, errors } = await run.fetch(node.serviceName, { document: node.operation, operationName: node.operationName, variables: variablesOf(node, run.variables) });
    for (const error of errors ?? []) run.refused(node.serviceName, { ...error, ...(error.path ? { path: [...path, ...error.path] } : {}) });
    if (!data) return;
    rewrite?.(data);
    for (const target of targets) merge(target, data);
  };
}

/** Asks for each entity once, however often it is in the data. */
function entityFetch(node: FetchNode, represent: Represent, schema: GraphQLSchema): Step {
  const rewriteInput = compileRewrites(node.inputRewrites, schema);
  const rewrite = compileRewrites(node.outputRewrites, schema);
  return async ({ targets, path }, run) => {
    const representations: Data[] = [];
    /** Which of `targets` each representation stands for. */
    const standsFor: number[][] = [];
    const known = new Map<string, number[]>();
    for (const [index, target] of targets.entries()) {
      const representation = represent(target);
      if (!representation?.['__typename']) continue;
      rewriteInput?.(representation);
      const key = JSON.stringify(representation);
      const same = known.get(key);
      if (same) {
        same.push(index);
        continue;
      }
      const places = [index];
      known.set(key, places);
      representations.push(representation);
      standsFor.push(places);
    }
    if (representations.length === 0) return;
    const { data, errors } = await run.fetch(node.serviceName, {
      document: node.operation,
      operationName: node.operationName,
      variables: { ...variablesOf(node, run.variables), representations },
    });
    if (errors) tellOf(errors, { node, path, standsFor }, run);
    if (!data) return;
    const entities = (data as { _entities?: unknown })._entities;
    if (!Array.isArray(entities) || entities.length !== representations.length) throw new Error(`"data._entities" of ${node.serviceName} is no list of ${representations.length} entities`);
    for (const [index, places] of standsFor.entries()) {
      const entity: unknown = entities[index];
      if (!isData(entity)) continue;
      entity['__typename'] ??= targets[places[0]!]!['__typename'];
      rewrite?.(entity);
      for (const place of places) merge(targets[place]!, entity);
    }
  };
}

function variablesOf({ variableUsages = [] }: FetchNode, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const used: Record<string, unknown> = {};
  for (const name of variableUsages) if (Object.hasOwn(given, name) && given[name] !== undefined) setOwn(used, name, given[name]);
  return used;
}

interface Asked {
  node: FetchNode;
  path: readonly string[];
  standsFor: readonly (readonly number[])[];
}

/** An error about an entity is told for each place that the entity has. */
function tellOf(errors: readonly GraphQLFormattedError[], { node: { serviceName }, path, standsFor }: Asked, run: Run): void {
  const places: (string | number)[][] = [];
  placesOf(run.data, path, [], places);
  for (const error of errors) {
    const [, index, ...rest] = error.path ?? [];
    const concerned = typeof index === 'number' ? (standsFor[index] ?? []) : [];
    if (concerned.length === 0) run.refused(serviceName, { ...error, ...(error.path ? { path: [...path, ...error.path] } : {}) });
    for (const one of concerned) run.refused(serviceName, { ...error, path: [...(places[one] ?? []), ...rest] });
  }
}

/** The places that a path leads to in the data, in the order in which `below` finds them. */
function placesOf(value: unknown, [step, ...rest]: readonly string[], place: (string | number)[], found: (string | number)[][]): void {
  if (value === null || value === undefined) return;
  if (step === undefined) found.push(place);
  else if (step !== ANY) placesOf(readerOf(step)(value as Data), rest, [...place, step], found);
  else for (const [index, item] of (value as unknown[]).entries()) placesOf(item, rest, [...place, index], found);
}
