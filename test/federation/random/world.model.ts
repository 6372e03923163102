import { parseType, type TypeNode } from 'graphql';

/** How a subgraph has a field: `own` and `shared` answer it; `overridden` must not be asked for it. */
export type Presence = 'own' | 'shared' | 'external' | 'overridden';

export interface Requirement {
  name: string;
  /** A leaf of the object that it leads to. */
  inner?: string | undefined;
}

export interface ModelField {
  readonly name: string;
  /** As SDL writes it. */
  readonly type: string;
  /** By the number of the subgraph; of the fields of a value everywhere the same. */
  readonly presence: Map<number, Presence>;
  /** Fields of the same type that the value is made of; of one that leads to an object, a leaf of that. */
  readonly requires?: readonly Requirement[];
  /** Whom the owner overrides. */
  readonly overrides?: number;
  /** A field of the type it leads to that its owner answers too, on this way. */
  provides?: string;
  /** Whether others answer it on some way, too. */
  isProvided?: boolean;
  readonly hasArguments?: boolean;
  /** Whether it fails for some objects. */
  readonly fails?: boolean;
}

/** An entity, or a value that every subgraph answers alike. */
export interface ModelObject {
  readonly name: string;
  readonly kind: 'entity' | 'value';
  /** Fields that name an entity, as `@key` has them; those of a subgraph by its number. The first subgraph has all. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
  readonly fields: ModelField[];
}

export interface ModelInterface {
  readonly name: string;
  readonly members: readonly string[];
  /** Beside `id`. */
  readonly fields: readonly string[];
  /** The subgraph that knows it as an `@interfaceObject`, with the fields it adds. */
  readonly object?: { subgraph: number; fields: readonly ModelField[] };
}

export interface ModelUnion {
  readonly name: string;
  /** By the number of the subgraph. */
  readonly members: ReadonlyMap<number, readonly string[]>;
}

/** What subgraphs are made of, before it is said who answers what in which words. */
export interface WorldModel {
  readonly seed: number;
  readonly subgraphs: number;
  readonly objects: ReadonlyMap<string, ModelObject>;
  readonly interfaces: ReadonlyMap<string, ModelInterface>;
  readonly unions: ReadonlyMap<string, ModelUnion>;
  readonly queries: readonly ModelField[];
  readonly mutations: readonly ModelField[];
}

/** So many objects of each type there are. */
export const OBJECTS = 4;

/** Types that no fields are asked of. */
export const LEAVES = ['String', 'Int', 'Hue', 'Float', 'Boolean', 'ID', 'Blob'];

/** What each way to name an entity is made of. */
export const KEYS = ['id', 'k1 k2', 'link { code }'] as const;

const known = new Map<string, TypeNode>();

export function typeOf({ type }: Pick<ModelField, 'type'>): TypeNode {
  let node = known.get(type);
  if (!node) known.set(type, (node = parseType(type)));
  return node;
}

/** The type without lists and exclamation marks. */
export const baseOf = ({ type }: Pick<ModelField, 'type'>): string => type.replaceAll(/[[\]!]/g, '');

export const answers = ({ presence }: ModelField, subgraph: number): boolean => ['own', 'shared'].includes(presence.get(subgraph) ?? '');
export const ownerOf = ({ presence }: ModelField): number => [...presence].find(([, how]) => how === 'own')![0];

/**
 * Whether two subgraphs may answer parts of the objects in lists of lists, or fields of them are what others are made of: the executor of
 * @apollo/gateway does not put the first together, and gives the second in one list, without the fields.
 */
export const readsNestedLists = ({ objects }: WorldModel): boolean =>
  [...objects.values()].some(({ kind, fields }) =>
    fields.some((field) => isNestedList(field) && (kind === 'value' || [...field.presence.values()].includes('shared') || fields.some(({ requires }) => requires?.some(({ name }) => name === field.name)))));

const isNestedList = (field: ModelField): boolean => field.type.startsWith('[[') && !LEAVES.includes(baseOf(field));

/** Whether fields are made of others. Where a condition is on one of these, Apollo's planner has what is asked for beside it wait for what that is made of, which is not asked for when it is left out. */
export const hasMadeFields = ({ objects }: WorldModel): boolean => [...objects.values()].some(({ fields }) => fields.some(({ requires }) => requires));
