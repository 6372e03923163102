import { isData, readerOf, type Data } from './fetched.data.js';
import type { JoinedEntities } from './joined.entities.js';

/** A way through the data: keys, and {@link ANY} for the elements of a list. */
export type DataPath = readonly string[];

/** Any element of a list. */
export const ANY = '@';

/** A way as a text, for those who compare them. */
export const pathKey = (path: DataPath): string => path.join('\n');

/** Finds the objects that a way leads to; one that stands for several places is found once. */
export type Gather = (root: Data, joins: JoinedEntities) => Data[];

/** @param joinedAt whether objects at a place may have been replaced by joined ones */
export function compileGather(path: DataPath, joinedAt: (path: DataPath) => boolean): Gather {
  const steps = path.map((key, at) => ({ read: key === ANY ? undefined : readerOf(key), joined: joinedAt(path.slice(0, at + 1)) }));
  return (root, joins) => {
    let found: unknown[] = [root];
    for (const { read, joined } of steps) {
      const next: unknown[] = [];
      if (read) {
        for (const value of found) if (isData(value)) next.push(read(value));
      } else {
        for (const value of found) if (Array.isArray(value)) for (const item of value) next.push(item);
      }
      found = joined ? known(next, joins) : next;
    }
    return found.filter(isData);
  };
}

/** What is known of these, each once: what was fetched for one place is gone through once for all. */
function known(values: readonly unknown[], joins: JoinedEntities): unknown[] {
  const joined = new Set<Data>();
  const others: unknown[] = [];
  for (const value of values) {
    if (!isData(value)) continue;
    const data = joins.of(value);
    if (data === value) others.push(value);
    else joined.add(data);
  }
  return joined.size === 0 ? others : [...others, ...joined];
}

export interface Place {
  path: (string | number)[];
  /** The object there as it was fetched, and what is known of it. */
  fetched: Data;
  joined: Data;
}

/** All places that a way leads to, in the order of the data. */
export function placesOf(root: Data, path: DataPath, joins: JoinedEntities): Place[] {
  const places: Place[] = [];
  const walk = (value: unknown, at: number, place: (string | number)[]): void => {
    const step = path[at];
    if (step === ANY) {
      if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, at + 1, [...place, index]);
      return;
    }
    if (!isData(value)) return;
    const joined = joins.of(value);
    if (step === undefined) places.push({ path: place, fetched: value, joined });
    else walk(readerOf(step)(joined), at + 1, [...place, step]);
  };
  walk(root, 0, []);
  return places;
}
