import type { FetchDataRewrite } from '@apollo/query-planner';
import type { GraphQLSchema } from 'graphql';
import { isData, readerOf, setOwn, type Data } from './fetched.data.js';
import { isOfType } from './type.condition.js';

type Change = (value: unknown) => void;

const CONDITION = '... on ';

/** Changes an object where the planner gave a field another name on its way, as two types of one selection have it in two forms. */
export type Rewrite = (data: Data) => void;

/** @param schema of the whole supergraph */
export function compileRewrites(rewrites: readonly FetchDataRewrite[] | undefined, schema: GraphQLSchema): Rewrite | undefined {
  if (!rewrites?.length) return undefined;
  const changes = rewrites.map((rewrite) => changeOf(rewrite, schema));
  return (data) => {
    for (const change of changes) change(data);
  };
}

function changeOf(rewrite: FetchDataRewrite, schema: GraphQLSchema): Change {
  const key = rewrite.path.at(-1)!;
  const read = readerOf(key);
  const last: Rewrite =
    rewrite.kind === 'ValueSetter'
      ? (data) => setOwn(data, key, rewrite.setValueTo)
      : (data) => {
          const value = read(data);
          if (value === undefined || value === null) return;
          setOwn(data, rewrite.renameKeyTo, value);
          setOwn(data, key, undefined);
        };
  return rewrite.path.slice(0, -1).reduceRight<Change>((next, step) => everyObject(stepInto(step, next, schema)), everyObject(last));
}

/** The objects of a list, of lists in it, or the one object. */
function everyObject(change: Rewrite): Change {
  const each: Change = (value) => {
    if (Array.isArray(value)) for (const item of value) each(item);
    else if (isData(value)) change(value);
  };
  return each;
}

function stepInto(step: string, next: Change, schema: GraphQLSchema): Rewrite {
  if (!step.startsWith(CONDITION)) {
    const read = readerOf(step);
    return (data) => next(read(data));
  }
  const condition = step.slice(CONDITION.length);
  // What does not tell its type is of the one that was asked for.
  return (data) => {
    if (!data['__typename'] || isOfType(schema, data['__typename'], condition)) next(data);
  };
}
