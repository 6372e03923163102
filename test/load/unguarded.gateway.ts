// Our plans without what guards them: no limit, no identity, nothing that listens, every caller is anonymous, and a subgraph is asked by
// the same client, equal questions under way at once are asked once, and answers are of bytes as ever, but without deadlines, retries,
// turns or tokens.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { anonymous, callerKey, cancellationOf, collectInPassing, SharedQueries, silentLog, type ReadResult, type SubgraphConnection } from '@hutong/common';
import { LeanClient, operationBody } from '@hutong/common/remote';
import { DataText, PlannedGraph, readGatewaySettings } from '@hutong/gateway';
import { parse, type ExecutionResult } from 'graphql';
import { given, measured } from './measured.process.ts';

const KIND = { method: 'POST', path: '/graphql', headers: { 'content-type': 'application/json', accept: 'application/json' } } as const;
const CLIENT = { connections: 128, connectTimeoutMs: 5_000, keepAliveMs: 60_000, largestAnswerBytes: Number.MAX_SAFE_INTEGER };

function bareConnection(name: string, url: string): SubgraphConnection {
  const client = new LeanClient(url, CLIENT);
  const queries = new SharedQueries<ReadResult>({ shared: (result) => result.share?.() });
  return {
    name,
    isRemote: true,
    async execute(request) {
      const { document, operationName, caller, origin, budget, live } = request;
      const { json, bytes, variables } = operationBody(request);
      return queries.run([variables, callerKey(caller), document, operationName, origin, budget?.bytes, live], cancellationOf(request), async (cancellation) => {
        const { body } = await client.ask({ kind: KIND, body: json, bodyBytes: bytes }, cancellation);
        return request.read?.(body) ?? (JSON.parse(body.toString()) as ExecutionResult);
      });
    },
    subscribe: () => Promise.reject(new Error('nothing is subscribed to here')),
    ready: async () => undefined,
  };
}

const { supergraphFile, urls } = given();
const { planExecutor, subgraphTimeoutMs } = readGatewaySettings(process.env);
const connections = new Map(Object.entries(urls).map(([name, url]) => [name, bareConnection(name, url)]));
const graph = new PlannedGraph({ supergraphSdl: await readFile(supergraphFile, 'utf8'), connections, subgraphTimeoutMs, responseBytes: Number.MAX_SAFE_INTEGER, executor: planExecutor, log: silentLog });
const { signal } = new AbortController();

interface Answer {
  body: Buffer;
  sent?: () => void;
}

async function answered(request: IncomingMessage): Promise<Answer> {
  const { query, variables } = JSON.parse(await text(request)) as { query: string; variables: Record<string, unknown> };
  const planned = graph.known(query, undefined)?.planned ?? (await graph.plan({ text: query, document: parse(query) }));
  const result = await graph.write(planned, variables, { caller: anonymous, origin: 'client', requestId: '', signal });
  return result instanceof DataText ? { body: result.answer, sent: () => result.sent() } : { body: Buffer.from(JSON.stringify(result)) };
}

collectInPassing();
const server = createServer((request, response) => {
  void answered(request).then(({ body, sent }) => response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body, sent));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
measured(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
