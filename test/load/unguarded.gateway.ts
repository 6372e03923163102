// Our plans without what guards them: Apollo Server has no limit and nothing listens to it, every caller is anonymous, and a
// subgraph is asked by undici alone, without deadlines, retries, tokens, or a look at what came back.
import { readFile } from 'node:fs/promises';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';
import { anonymous, silentLog, type SubgraphConnection } from '@hutong/common';
import { PlannedGraph, readGatewaySettings } from '@hutong/gateway';
import type { ExecutionResult } from 'graphql';
import { Pool } from 'undici';
import { given, measured } from './measured.process.ts';

const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

function bareConnection(name: string, url: string): SubgraphConnection {
  const pool = new Pool(url, { connections: 128 });
  return {
    name,
    async execute({ document, operationName, variables }) {
      const { body } = await pool.request({ method: 'POST', path: '/graphql', headers: HEADERS, body: JSON.stringify({ query: document, operationName, variables }) });
      return JSON.parse(await body.text()) as ExecutionResult;
    },
    subscribe: () => Promise.reject(new Error('nothing is subscribed to here')),
    ready: async () => undefined,
  };
}

const { supergraphFile, urls } = given();
const { planExecutor, subgraphTimeoutMs } = readGatewaySettings(process.env);
const connections = new Map(Object.entries(urls).map(([name, url]) => [name, bareConnection(name, url)]));
const supergraphSdl = await readFile(supergraphFile, 'utf8');
const graph = new PlannedGraph({ supergraphSdl, connections, subgraphTimeoutMs, responseBytes: Number.MAX_SAFE_INTEGER, executor: planExecutor, log: silentLog });
const { signal } = new AbortController();
const server = new ApolloServer({
  gateway: {
    onSchemaLoadOrUpdate(tell) {
      tell({ apiSchema: graph.schema, coreSupergraphSdl: supergraphSdl });
      return () => undefined;
    },
    load: async () => ({
      executor: async ({ source, document, operationName, request }) => graph.execute(await graph.plan({ text: source, document, operationName: operationName ?? undefined }), request.variables ?? {}, { caller: anonymous, origin: 'client', requestId: '', signal }),
    }),
    stop: async () => undefined,
  },
  plugins: [ApolloServerPluginCacheControlDisabled()],
});
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
measured(url);
