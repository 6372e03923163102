import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
import { createPubSub } from '@graphql-yoga/subscription';
import { getNamedType, getNullableType, isNonNullType, isObjectType, parse, print, type GraphQLFieldConfig, type GraphQLFieldResolver, type GraphQLNamedType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { buildSchema, createResolversMap } from 'type-graphql';
import { DateTimeScalar, JSONScalar } from './scalars.js';
import { requireAccess, type AccessLevel } from '../caller/access.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { RequestScope, SubgraphContext } from './context.js';

/** Loads one entity for another subgraph: gets the reference (`{ __typename, id }`), answers null when it is not to be seen. */
// oxlint-disable-next-line typescript/no-explicit-any -- each subgraph types its own references and services
export type ReferenceLoader = (reference: any, context: SubgraphContext<any>) => unknown;

/** What the graph of one subgraph is made of. */
export interface GraphDefinition {
  name: string;
  /** type-graphql resolver classes; they have no state of their own, services come with the context. */
  resolvers: Function[];
  /** Entity types that no field of this subgraph returns. */
  orphanedTypes?: Function[];
  /** For each entity type that this subgraph resolves by key. */
  references?: Record<string, ReferenceLoader>;
}

const FEDERATION_LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@tag", "@interfaceObject"])\n';

type Resolver = GraphQLFieldResolver<unknown, SubgraphContext<unknown>>;
type ResolverMap = Record<string, Record<string, unknown>>;

/** Builds the executable federated schema of a subgraph and its SDL; refuses a root field that does not say who may use it, and one of another subgraph's entity that may not be null. Every field of `Query` may be null. */
export async function buildFederatedSchema(definition: GraphDefinition): Promise<{ schema: GraphQLSchema; sdl: string }> {
  const [first, ...others] = definition.resolvers;
  if (!first) throw new Error(`${definition.name}: a subgraph needs at least one resolver class`);
  const plain = await buildSchema({
    resolvers: [first, ...others],
    orphanedTypes: definition.orphanedTypes ?? [],
    scalarsMap: [{ type: Date, scalar: DateTimeScalar }, { type: Object, scalar: JSONScalar }],
    pubSub: createPubSub(),
    validate: false,
    skipCheck: true,
  });
  for (const field of Object.values(plain.getQueryType()?.getFields() ?? {})) {
    // A field that may not be null would take the other subgraphs' fields of the query with it when this one is down.
    field.type = getNullableType(field.type);
  }
  refuseRequiredReferences(definition.name, plain);
  const sdl = FEDERATION_LINK + printSubgraphSchema(plain);
  const resolvers = createResolversMap(plain) as unknown as ResolverMap;
  for (const [root, type] of rootTypes(plain)) {
    for (const [field, config] of Object.entries(type.getFields())) guardField(resolvers, definition.name, root, field, config);
  }
  for (const [type, load] of Object.entries(definition.references ?? {})) {
    resolvers[type] = { ...resolvers[type], __resolveReference: guardReference(definition.name, load) };
  }
  const modules = [{ typeDefs: parse(sdl), resolvers }] as unknown as Parameters<typeof buildSubgraphSchema>[0];
  return { schema: buildSubgraphSchema(modules), sdl };
}

/** An entity that another subgraph answers is missing while that one is down, and must not take what names it with it. */
function refuseRequiredReferences(subgraph: string, schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    const required = Object.values(type.getFields()).find((field) => isNonNullType(field.type) && isElsewhere(getNamedType(field.type)));
    if (required) throw new Error(`${subgraph}: ${type.name}.${required.name} is of another subgraph and would be missing with it; make it nullable`);
  }
}

const isElsewhere = ({ astNode }: GraphQLNamedType): boolean =>
  (astNode?.directives ?? []).some(({ name, arguments: given = [] }) => name.value === 'key' && given.some((argument) => argument.name.value === 'resolvable' && print(argument.value) === 'false'));

function rootTypes(schema: GraphQLSchema): [string, GraphQLObjectType][] {
  const types = { Query: schema.getQueryType(), Mutation: schema.getMutationType(), Subscription: schema.getSubscriptionType() };
  return Object.entries(types).filter((entry): entry is [string, GraphQLObjectType] => entry[1] != null);
}

function guardField(resolvers: ResolverMap, subgraph: string, root: string, field: string, config: Pick<GraphQLFieldConfig<unknown, unknown>, 'extensions'>): void {
  const level = config.extensions?.access as AccessLevel | undefined;
  if (!level) throw new Error(`${subgraph}: ${root}.${field} does not declare who may use it; add @Access(…)`);
  const fields = (resolvers[root] ??= {});
  const scope = `${subgraph}:${root === 'Mutation' ? 'write' : 'read'}`;
  if (root === 'Subscription') {
    const source = fields[field] as { subscribe: Resolver; resolve: Resolver };
    fields[field] = { ...source, subscribe: guarded(source.subscribe, level, scope) };
  } else {
    const resolve = guarded(fields[field] as Resolver, level, scope);
    fields[field] = root === 'Mutation' && level !== 'peer' ? audited(resolve, field) : resolve;
  }
}

function guarded(resolve: Resolver, level: AccessLevel, scope: string): Resolver {
  return (source, args, context, info) => {
    requireAccess(level, context, scope);
    return resolve(source, args, context, info);
  };
}

/** Writes what became of a mutation before its caller hears of it. */
function audited(resolve: Resolver, action: string): Resolver {
  return async (source, args, context, info) => {
    const { audit } = context as SubgraphContext<unknown> & { audit: AuditTrail };
    try {
      const result: unknown = await resolve(source, args, context, info);
      await audit.record(context, { action, args, result });
      return result;
    } catch (error) {
      await audit.record(context, { action, args, error });
      throw error;
    }
  };
}

function guardReference(subgraph: string, load: ReferenceLoader) {
  return (reference: unknown, context: SubgraphContext<unknown> & RequestScope) => {
    requireAccess('member', context, `${subgraph}:read`);
    return load(reference, context);
  };
}
