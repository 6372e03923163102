import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import type { Actor } from './actor.js';

/** A field of Query or Mutation, with an operation that asks for it. */
export interface RootField {
  kind: 'query' | 'mutation';
  name: string;
  document: string;
  arguments: readonly GraphQLArgument[];
}

/** A place in a root field's variables that takes a value of some type. */
export interface InputPlace {
  path: readonly (string | number)[];
  type: GraphQLInputType;
  /** `CreateUserInput.username`, or `users.first` for an argument. */
  owner: string;
}

/** Values to make good variables with, by owner (see {@link InputPlace}); all else gets a value of its type. */
export type KnownValues = Readonly<Record<string, unknown>>;

/** The graph as the platform shows it to its clients. */
export async function publicGraph(actor: Actor): Promise<GraphQLSchema> {
  return buildClientSchema((await actor.ask(getIntrospectionQuery())) as IntrospectionQuery);
}

/** Every field of Query and Mutation; subscriptions are not answered over plain HTTP. */
export function rootFields(schema: GraphQLSchema): RootField[] {
  return (['query', 'mutation'] as const).flatMap((kind) => {
    const type = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
    return Object.values(type?.getFields() ?? {}).map((field) => ({ kind, name: field.name, document: documentOf(kind, field), arguments: field.args }));
  });
}

function documentOf(kind: string, { name, args, type }: GraphQLField<unknown, unknown>): string {
  const variables = args.map((argument) => `$${argument.name}: ${String(argument.type)}`).join(', ');
  const passed = args.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
  const selection = isCompositeType(getNamedType(type)) ? ' { __typename }' : '';
  return `${kind} Ask${variables && `(${variables})`} { ${name}${passed && `(${passed})`}${selection} }`;
}

/** Variables of the right types: what is required, and nothing else. */
export function sampleVariables({ name, arguments: taken }: RootField, known: KnownValues = {}): Record<string, unknown> {
  return sampleFields(taken, name, known);
}

function sampleFields(fields: readonly (GraphQLArgument | GraphQLInputField)[], owner: string, known: KnownValues): Record<string, unknown> {
  const needed = fields.filter(({ name, type }) => isNonNullType(type) || `${owner}.${name}` in known);
  return Object.fromEntries(needed.map(({ name, type }) => [name, sampleOfType(type, `${owner}.${name}`, known)]));
}

const SCALARS: Readonly<Record<string, unknown>> = { ID: '1', String: 'a text', Int: 1, Float: 1, Boolean: false, DateTime: '2099-01-01T00:00:00Z', JSON: {}, Upload: new File(['a text'], 'file.txt') };

function sampleOfType(type: GraphQLInputType, owner: string, known: KnownValues): unknown {
  if (owner in known) {
    const value = known[owner];
    return typeof value === 'function' ? (value as () => unknown)() : value;
  }
  if (isNonNullType(type)) return sampleOfType(type.ofType, owner, known);
  if (isListType(type)) return [sampleOfType(type.ofType, owner, known)];
  if (isInputObjectType(type)) return sampleFields(Object.values(type.getFields()), type.name, known);
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (!(type.name in SCALARS)) throw new Error(`no sample value for scalar ${type.name} (${owner})`);
  return SCALARS[type.name];
}

/** Every place of a root field's variables, optional ones included. */
export function inputPlaces({ name, arguments: taken }: RootField): InputPlace[] {
  return taken.flatMap((argument) => placesOf(argument.type, [argument.name], `${name}.${argument.name}`, []));
}

function placesOf(type: GraphQLInputType, path: InputPlace['path'], owner: string, within: readonly string[]): InputPlace[] {
  const here = { path, type, owner };
  const bare = isNonNullType(type) ? type.ofType : type;
  if (isListType(bare)) return [here, ...placesOf(bare.ofType, [...path, 0], owner, within)];
  if (!isInputObjectType(bare) || within.includes(bare.name)) return [here];
  const fields = Object.values(bare.getFields());
  return [here, ...fields.flatMap((field) => placesOf(field.type, [...path, field.name], `${bare.name}.${field.name}`, [...within, bare.name]))];
}

/** A copy of the variables with another value in one place; undefined takes the place away. */
export function withValue(variables: Record<string, unknown>, path: InputPlace['path'], value: unknown): Record<string, unknown> {
  const copy = structuredClone(variables);
  // oxlint-disable-next-line typescript/no-explicit-any -- walks through data of any shape
  let place: any = copy;
  for (const [depth, step] of path.slice(0, -1).entries()) {
    place[step] ??= typeof path[depth + 1] === 'number' ? [] : {};
    place = place[step];
  }
  const last = path.at(-1)!;
  if (value === undefined && !Array.isArray(place)) delete place[last];
  else place[last] = value;
  return copy;
}
