import { getNamedType } from 'graphql';
import { inputPlaces, rootFields } from '../testkit/public-graph.js';
import { graph } from './schema.js';
import type { Things } from './things.js';

type Asks<Variables> = Readonly<Record<string, readonly { variables?: (things: Things, count: number) => Variables }[]>>;

/** Names each thing by itself. */
const things = new Proxy({}, { get: (_, name) => String(name) }) as Things;

/** The arguments and input fields of type ID that no way of asking gives, as `createTraining input.datasetId`. */
export async function unaskedIds(kind: 'query' | 'mutation', asks: Asks<Record<string, unknown> | Promise<Record<string, unknown>>>): Promise<string[]> {
  const unasked: string[] = [];
  for (const field of rootFields(graph).filter((of) => of.kind === kind)) {
    const given = await Promise.all((asks[field.name] ?? []).map(async ({ variables }) => variables?.(things, 1)));
    for (const { path, type } of inputPlaces(field)) {
      if (getNamedType(type).name !== 'ID') continue;
      const isGiven = given.some((variables) => path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], variables) !== undefined);
      if (!isGiven) unasked.push(`${field.name} ${path.join('.')}`);
    }
  }
  return unasked;
}
