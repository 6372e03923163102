import type { FetchNode } from '@apollo/query-planner';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { placesOf, type DataPath } from './data.path.js';
import { compileRewrites } from './data.rewrite.js';
import { compileNaming, type Naming, type NamingOf, type Representation } from './entity.representation.js';
import { answered, errorsAbout, fetchForm, requestsOf } from './entity.requests.js';
import { deepCopyOf, isData, withoutType, type Data } from './fetched.data.js';
import type { JoinedEntities } from './joined.entities.js';
import type { Run, Step } from './plan.program.js';
import { namesObject } from './type.condition.js';

/** An entity that is asked for. */
interface Wanted {
  representation: Representation;
  /** What is to be joined with it. */
  targets: Data[];
  /** Which of these stands for all that are nothing but the name of the entity. */
  named?: Data;
}

/** Asks for each entity once, however often it is in the data. */
export function entityFetch(node: FetchNode, path: DataPath, schema: GraphQLSchema): Step {
  const { serviceName } = node;
  const form = fetchForm(node);
  const namingOf = compileNaming(node.requires!, schema, compileRewrites(node.inputRewrites, schema));
  const rewrite = compileRewrites(node.outputRewrites, schema);
  /** Whether it is asked for by the name of an interface: where the subgraph knows an `@interfaceObject`, that is its type. */
  const byInterface = node.inputRewrites?.some(({ path: changed }) => changed.at(-1) === '__typename') === true;
  return async (targets, run) => {
    const wanted = wantedOf(targets, namingOf, run.joins);
    if (wanted.length === 0) return;
    const asked = run.requests.entities(node, form, wanted.map(({ representation }) => representation));
    const requests = requestsOf(asked);
    await answered(requests);
    const errors = errorsAbout(asked, requests);
    if (errors.length > 0) tellOf(errors, { serviceName, path, wanted }, run);
    for (const [number, { request, index }] of asked.entries()) {
      const fetched = request.entities(serviceName, run.failed)[index];
      if (!isData(fetched)) continue;
      const { targets: places } = wanted[number]!;
      let entity = byInterface && !namesObject(schema, fetched['__typename']) ? withoutType(fetched) : fetched;
      // What is joined with objects in it is not the same at every place.
      if (rewrite || (request.user ??= node) !== node) entity = deepCopyOf(entity) as Data;
      if (rewrite) {
        entity['__typename'] ??= places[0]!['__typename'];
        rewrite(entity);
      }
      for (const place of places) run.joins.add(place, entity);
    }
  };
}

/** The entities that these name, each once; of the objects that are nothing but a name, one of the run takes the place. */
function wantedOf(targets: readonly Data[], namingOf: NamingOf, joins: JoinedEntities): Wanted[] {
  const byJson = new Map<string, Wanted>();
  const byLeaf = new Map<Naming, Map<unknown, Wanted>>();
  let type: unknown = NONE;
  let naming!: Naming;
  let leaves!: Map<unknown, Wanted>;
  for (const target of targets) {
    if (target['__typename'] !== type) {
      type = target['__typename'];
      naming = namingOf(type);
      leaves = byLeaf.get(naming) ?? new Map<unknown, Wanted>();
      byLeaf.set(naming, leaves);
    }
    const leaf = naming.leaf?.(target);
    let wanted = leaf === undefined ? undefined : leaves.get(leaf);
    if (!wanted) {
      const representation = naming.represent(target, joins);
      if (!representation) continue;
      wanted = byJson.get(representation.json);
      if (!wanted) byJson.set(representation.json, (wanted = { representation, targets: [] }));
      if (leaf !== undefined) leaves.set(leaf, wanted);
    }
    if (naming.keys === undefined || keyCount(target) !== naming.keys || joins.isOwn(target)) wanted.targets.push(target);
    else if (wanted.named) joins.replace(target, wanted.named);
    else wanted.targets.push((wanted.named = joins.replaced(target)));
  }
  return [...byJson.values()];
}

/** The type of nothing. */
const NONE = Symbol('no type');

function keyCount(data: Data): number {
  let count = 0;
  // oxlint-disable-next-line guard-for-in -- nothing is inherited that is counted here
  for (const _key in data) count += 1;
  return count;
}

interface Asked {
  serviceName: string;
  path: DataPath;
  wanted: readonly Wanted[];
}

/** An error about an entity is told for each place that the entity has. */
function tellOf(errors: readonly GraphQLFormattedError[], { serviceName, path, wanted }: Asked, run: Run): void {
  const wantedAs = new Map<Data, Wanted>();
  // Since it was asked for, an object may have been joined with another list's, and stand there as that.
  for (const one of wanted) for (const target of one.targets) wantedAs.set(target, one).set(run.joins.of(target), one);
  const places = placesOf(run.data, path, run.joins);
  for (const error of errors) {
    const [, index, ...rest] = error.path ?? [];
    const concerned = typeof index === 'number' ? wanted[index] : undefined;
    if (!concerned) run.refused(serviceName, { ...error, ...(error.path ? { path: [...path, ...error.path] } : {}) });
    else for (const { path: place, fetched, joined } of places) if ((wantedAs.get(fetched) ?? wantedAs.get(joined)) === concerned) run.refused(serviceName, { ...error, path: [...place, ...rest] });
  }
}
