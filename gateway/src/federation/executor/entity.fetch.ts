import type { FetchNode } from '@apollo/query-planner';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { placesOf, type DataPath } from './data.path.js';
import { compileRewrites } from './data.rewrite.js';
import { compileRepresentation, type Representation } from './entity.representation.js';
import { deepCopyOf, isData, type Data } from './fetched.data.js';
import { fetchVariables } from './fetch.variables.js';
import type { Run, Step } from './plan.program.js';

/** An entity that is asked for. */
interface Wanted {
  representation: Representation;
  /** What is to be joined with it. */
  targets: Data[];
}

/** Asks for each entity once, however often it is in the data. */
export function entityFetch(node: FetchNode, path: DataPath, schema: GraphQLSchema): Step {
  const { serviceName, operation: document, operationName } = node;
  const represent = compileRepresentation(node.requires!, schema, compileRewrites(node.inputRewrites, schema));
  const rewrite = compileRewrites(node.outputRewrites, schema);
  return async (targets, run) => {
    const wanted = new Map<string, Wanted>();
    for (const target of targets) {
      const representation = represent(target, run.joins);
      if (!representation) continue;
      const same = wanted.get(representation.json);
      if (same) same.targets.push(target);
      else wanted.set(representation.json, { representation, targets: [target] });
    }
    if (wanted.size === 0) return;
    const asked = [...wanted.values()];
    const variables = fetchVariables(node, run.variables);
    const others = JSON.stringify(variables);
    variables['representations'] = asked.map(({ representation }) => representation.data());
    const variablesJson = `${others.slice(0, -1)}${others === '{}' ? '' : ','}"representations":[${[...wanted.keys()].join(',')}]}`;
    const { data, errors } = await run.fetch(serviceName, { document, operationName, variables, variablesJson });
    if (errors) tellOf(errors, { serviceName, path, asked }, run);
    if (!data) return;
    const entities = data['_entities'];
    if (!Array.isArray(entities) || entities.length !== asked.length) throw new Error(`"data._entities" of ${serviceName} is no list of ${asked.length} entities`);
    for (const [index, one] of asked.entries()) {
      const entity: unknown = entities[index];
      if (!isData(entity)) continue;
      if (rewrite) {
        const changed = deepCopyOf(entity) as Data;
        changed['__typename'] ??= one.targets[0]!['__typename'];
        rewrite(changed);
        join(one, changed, run);
      } else join(one, entity, run);
    }
  };
}

/** Objects that are nothing but the name of the entity all become one; others have something of their own, and stay several. */
function join({ representation: { keys }, targets }: Wanted, entity: Data, { joins }: Run): void {
  let shared: Data | undefined;
  for (const target of targets) {
    const known = joins.of(target);
    if (joins.isOwn(known) || keys === undefined || keyCount(target) !== keys) joins.add(target, entity);
    else if (shared) joins.replace(target, shared);
    else shared = joins.add(target, entity);
  }
}

function keyCount(data: Data): number {
  let count = 0;
  // oxlint-disable-next-line guard-for-in -- nothing is inherited that is counted here
  for (const _key in data) count += 1;
  return count;
}

interface Asked {
  serviceName: string;
  path: DataPath;
  asked: readonly Wanted[];
}

/** An error about an entity is told for each place that the entity has. */
function tellOf(errors: readonly GraphQLFormattedError[], { serviceName, path, asked }: Asked, run: Run): void {
  const askedFor = new Map<Data, Wanted>();
  for (const one of asked) for (const target of one.targets) askedFor.set(target, one);
  const places = placesOf(run.data, path, run.joins);
  for (const error of errors) {
    const [, index, ...rest] = error.path ?? [];
    const concerned = typeof index === 'number' ? asked[index] : undefined;
    if (!concerned) run.refused(serviceName, { ...error, ...(error.path ? { path: [...path, ...error.path] } : {}) });
    else for (const { path: place, fetched, joined } of places) if ((askedFor.get(fetched) ?? askedFor.get(joined)) === concerned) run.refused(serviceName, { ...error, path: [...place, ...rest] });
  }
}
