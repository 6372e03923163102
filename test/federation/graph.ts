import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { silentLog, type SubgraphConnection, type SubgraphRequest } from '@hutong/common';
import { composeSupergraph, PlannedGraph } from '@hutong/gateway';
import { execute, parse, type ExecutionResult, type GraphQLSchema } from 'graphql';
import type { FederationWorld, WorldSubgraph } from './world.js';

/** How the graph reaches its subgraphs: they hand objects over, or answer in JSON. */
export const WAYS = ['handed over', 'over HTTP'] as const;
export type Way = (typeof WAYS)[number];

export const EXECUTORS = ['compiled', 'apollo'] as const;
export type Executor = (typeof EXECUTORS)[number];

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject"])\n';
const NEVER = async (): Promise<never> => {
  throw new Error('no case subscribes');
};

/** A world, composed, with every way to its subgraphs. */
export class ComposedWorld {
  private constructor(
    private readonly supergraphSdl: string,
    private readonly connections: Record<Way, Map<string, SubgraphConnection>>,
    readonly close: () => void,
  ) {}

  static async open({ subgraphs }: FederationWorld): Promise<ComposedWorld> {
    const named = Object.entries(subgraphs);
    const supergraphSdl = await composeSupergraph(named.map(([name, { sdl }]) => ({ name, sdl: LINK + sdl })));
    const schemas = named.map(([name, subgraph]) => [name, schemaOf(subgraph)] as const);
    const servers = await Promise.all(schemas.map(async ([name, schema]) => ({ name, server: await served(schema) })));
    const handedOver = schemas.map(([name, schema]): SubgraphConnection => ({ name, execute: ({ document, variables }) => answer(schema, document, variables), subscribe: NEVER, ready: async () => undefined }));
    const overHttp = servers.map(({ name, server }): SubgraphConnection => ({ name, isRemote: true, execute: ({ document, variables, variablesJson, read }) => asked(server.port, `{"document":${JSON.stringify(document)},"variables":${variablesJson ?? JSON.stringify(variables)}}`, read), subscribe: NEVER, ready: async () => undefined }));
    const byName = (all: SubgraphConnection[]) => new Map(all.map((connection) => [connection.name, connection]));
    return new ComposedWorld(supergraphSdl, { 'handed over': byName(handedOver), 'over HTTP': byName(overHttp) }, () => servers.forEach(({ server }) => server.close()));
  }

  graph(way: Way, executor: Executor): PlannedGraph {
    return new PlannedGraph({ supergraphSdl: this.supergraphSdl, connections: this.connections[way], subgraphTimeoutMs: 30_000, planningMs: 2_000, responseBytes: 10_000_000, executor, log: silentLog });
  }
}

const schemaOf = ({ sdl, resolvers }: WorldSubgraph): GraphQLSchema => buildSubgraphSchema([{ typeDefs: parse(LINK + sdl), resolvers: resolvers as never }]);

const answer = async (schema: GraphQLSchema, document: string, variableValues: Record<string, unknown>): Promise<ExecutionResult> => execute({ schema, document: parse(document), variableValues });

async function served(schema: GraphQLSchema): Promise<{ port: number; close: () => void }> {
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    void (async () => {
      const chunks: Buffer[] = await request.toArray();
      const { document, variables } = JSON.parse(Buffer.concat(chunks).toString()) as { document: string; variables: Record<string, unknown> };
      response.end(JSON.stringify(await answer(schema, document, variables)));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function asked(port: number, body: string, read: SubgraphRequest['read']): Promise<ExecutionResult> {
  const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body });
  const bytes = Buffer.from(await response.arrayBuffer());
  return read?.(bytes) ?? (JSON.parse(bytes.toString()) as ExecutionResult);
}
