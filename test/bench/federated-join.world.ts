import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { anonymous, LocalConnection, silentLog, type SubgraphConnection } from '@hutong/common';
import { PlannedGraph, composeSupergraph, createGraphqlServer, CurrentGraph, readGatewaySettings } from '@hutong/gateway';
import { ENTITIES, JOIN, joinedSubgraphs, type JoinedSubgraph } from './federated-join.subgraphs.js';

/** A federated graph in this process, asked where HTTP would end: parsed, validated, planned and executed as it is shipped. */
export interface JoiningGateway {
  /** Runs the join with variables that no other call has. */
  join(): Promise<void>;
  stop(): Promise<void>;
}

let tags = 0;

function gatewayOf<Context extends object>(server: ApolloServer<Context>, contextValue: () => Context): JoiningGateway {
  return {
    async join() {
      const { body } = await server.executeOperation({ query: JOIN, variables: { tag: `t${++tags}` } }, { contextValue: contextValue() });
      const { data, errors } = body.kind === 'single' ? body.singleResult : {};
      const machines = (data?.machines ?? []) as { load: number; jobs: unknown[] }[];
      if (errors || machines.length !== ENTITIES || machines.some(({ load, jobs }) => !(load > 0) || jobs.length === 0)) throw new Error(`the join answered ${JSON.stringify({ errors, data }).slice(0, 300)}`);
    },
    stop: () => server.stop(),
  };
}

/** The way in which the platform reaches a subgraph in its own process. */
export const localConnection = ({ name, schema }: Pick<JoinedSubgraph, 'name' | 'schema'>): LocalConnection =>
  new LocalConnection({ name, schema, contextFor: (request) => request, ready: async () => undefined, log: silentLog });

/** Our graph, behind the Apollo Server that the platform has in front of it, with its limits. */
export async function ourGateway(connections: readonly SubgraphConnection[]): Promise<JoiningGateway> {
  const { limits, subgraphTimeoutMs, planExecutor } = readGatewaySettings({});
  const supergraphSdl = await composeSupergraph(joinedSubgraphs());
  const graph = new PlannedGraph({ supergraphSdl, connections: new Map(connections.map((connection) => [connection.name, connection])), subgraphTimeoutMs, responseBytes: limits.responseBytes, executor: planExecutor, log: silentLog });
  const server = createGraphqlServer({ current: new CurrentGraph(graph), limits, introspection: true, hideSchemaDetails: false, log: silentLog });
  await server.start();
  return gatewayOf(server, () => ({ text: JOIN, caller: anonymous, requestId: 'bench', transport: 'http' as const, signal: new AbortController().signal, graphqlResponse: true }));
}

/** @apollo/gateway, behind an Apollo Server that has no limits. */
export async function apolloGateway(dataSource: (subgraph: string) => GraphQLDataSource): Promise<JoiningGateway> {
  const gateway = new ApolloGateway({ supergraphSdl: await composeSupergraph(joinedSubgraphs()), buildService: ({ name }) => dataSource(name) });
  const server = new ApolloServer({ gateway, plugins: [ApolloServerPluginCacheControlDisabled()], logger: silentLog });
  await server.start();
  return gatewayOf(server, () => ({}));
}
