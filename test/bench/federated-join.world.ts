import { ApolloGateway, LocalGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { anonymous, LocalConnection, silentLog } from '@hutong/common';
import { PlannedGraph, composeSupergraph, createGraphqlServer, CurrentGraph, readGatewaySettings } from '@hutong/gateway';
import { execute, parse } from 'graphql';
import { checkJoin, JOIN, joinedSubgraphs, mergedSchema } from '../load/join/join.subgraphs.ts';
import { tagOf } from '../load/tags.ts';

/** What answers the join in this process. */
export interface Joining {
  /** Runs the join with variables that no other call has. */
  join(): Promise<void>;
}

let joins = 0;
const variables = () => ({ tag: tagOf(++joins) });

/** A federated graph asked where HTTP would end: parsed, validated, planned and executed as it is shipped. */
function throughServer<Context extends object>(server: ApolloServer<Context>, contextValue: () => Context): Joining {
  return {
    async join() {
      const { body } = await server.executeOperation({ query: JOIN, variables: variables() }, { contextValue: contextValue() });
      checkJoin(body.kind === 'single' ? body.singleResult : {});
    },
  };
}

const scope = () => ({ caller: anonymous, requestId: 'bench', signal: new AbortController().signal });

/** Our graph over the subgraphs in this process, reached in the way that the platform reaches them. */
async function ourGraph(): Promise<PlannedGraph> {
  const { limits, subgraphTimeoutMs, planExecutor } = readGatewaySettings({});
  const subgraphs = joinedSubgraphs();
  const connections = new Map(subgraphs.map(({ name, schema }) => [name, new LocalConnection({ name, schema, contextFor: (request) => request, ready: async () => undefined, log: silentLog })]));
  return new PlannedGraph({ supergraphSdl: await composeSupergraph(subgraphs), connections, subgraphTimeoutMs, responseBytes: limits.responseBytes, executor: planExecutor, log: silentLog });
}

/** Our graph, behind the Apollo Server that the platform has in front of it, with its limits. */
async function ourServer(): Promise<Joining> {
  const { limits } = readGatewaySettings({});
  const server = createGraphqlServer({ current: new CurrentGraph(await ourGraph()), limits, introspection: true, hideSchemaDetails: false, log: silentLog });
  await server.start();
  return throughServer(server, () => ({ ...scope(), text: JOIN, transport: 'http' as const, graphqlResponse: true }));
}

/** @apollo/gateway over the same in this process, behind an Apollo Server that has no limits. */
async function apolloServer(): Promise<Joining> {
  const subgraphs = joinedSubgraphs();
  const schemas = new Map(subgraphs.map(({ name, schema }) => [name, schema]));
  const gateway = new ApolloGateway({ supergraphSdl: await composeSupergraph(subgraphs), buildService: ({ name }) => new LocalGraphQLDataSource(schemas.get(name)!) });
  const server = new ApolloServer({ gateway, plugins: [ApolloServerPluginCacheControlDisabled()], logger: silentLog });
  await server.start();
  return throughServer(server, () => ({}));
}

/** The schema that both subgraphs are together, behind an Apollo Server that has no limits. */
async function mergedServer(): Promise<Joining> {
  const server = new ApolloServer({ schema: mergedSchema(), plugins: [ApolloServerPluginCacheControlDisabled()], logger: silentLog });
  await server.start();
  return throughServer(server, () => ({}));
}

const document = parse(JOIN);

/** Our graph without a server in front of it: the plan is looked up, and run. */
async function ourPlan(): Promise<Joining> {
  const graph = await ourGraph();
  return {
    join: async () => checkJoin(await graph.execute(await graph.plan({ text: JOIN, document }), variables(), { ...scope(), origin: 'client' })),
  };
}

/** The schema that both subgraphs are together, run by graphql-js. */
function merged(): Joining {
  const schema = mergedSchema();
  return { join: async () => checkJoin(await execute({ schema, document, variableValues: variables() })) };
}

/** By name; each is started when it is called. */
export const joiningSides = { ourServer, apolloServer, mergedServer, ourPlan, merged: async () => merged() };

export type JoiningSide = keyof typeof joiningSides;
