import { createServer, type AddressInfo, type Socket } from 'node:net';
import { graphql, type GraphQLSchema } from 'graphql';
import { HttpMessages, type HttpMessage } from './http.messages.js';

/** A subgraph whose answers are prepared. */
export interface PreparedSubgraph {
  schema: GraphQLSchema;
  /** What an answer depends on, of a request's body. */
  keyOf(body: string): string;
}

interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string | null;
}

/**
 * A subgraph over HTTP, at any path, that executes what it is asked for the first time and then sends the same bytes again:
 * what is measured is whoever asks. Resolves with its port.
 */
export async function servePrepared(subgraph: PreparedSubgraph): Promise<number> {
  const prepared = new Map<string, Buffer>();
  const server = createServer({ noDelay: true }, (socket) => {
    const messages = new HttpMessages((message) => void answer(message, socket));
    socket.on('data', (part: Buffer) => messages.add(part));
    socket.on('error', () => socket.destroy());
  });
  const answer = async ({ body }: HttpMessage, socket: Socket): Promise<void> => {
    const text = body.toString();
    const key = subgraph.keyOf(text);
    let known = prepared.get(key);
    if (!known) prepared.set(key, (known = whole(await executed(text, subgraph.schema))));
    socket.write(known);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function executed(body: string, schema: GraphQLSchema): Promise<string> {
  const { query, variables, operationName } = JSON.parse(body) as Operation;
  return JSON.stringify(await graphql({ schema, source: query, variableValues: variables, operationName }));
}

function whole(json: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(json)}\r\nconnection: keep-alive\r\n\r\n${json}`);
}
