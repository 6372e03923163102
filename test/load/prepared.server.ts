import { createServer, type AddressInfo, type Socket } from 'node:net';
import { graphql, type GraphQLSchema } from 'graphql';
import { HttpMessages, type HttpMessage } from './http.messages.ts';
import { aroundTags, tagIn } from './tags.ts';

interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string | null;
}

/** An answer with its headers, in one piece, or in the pieces between which the tag stands. */
type Prepared = Buffer | string[];

/**
 * A subgraph over HTTP, at any path, that executes what it is asked for the first time and then answers from memory by the
 * body of the request, whatever its tag: what is measured is whoever asks. Resolves with its port.
 */
async function servePrepared(schema: GraphQLSchema): Promise<number> {
  const prepared = new Map<string, Prepared>();
  const server = createServer({ noDelay: true }, (socket) => {
    const messages = new HttpMessages((message) => void answer(message, socket));
    socket.on('data', (part: Buffer) => messages.add(part));
    socket.on('error', () => socket.destroy());
  });
  const answer = async ({ body }: HttpMessage, socket: Socket): Promise<void> => {
    const text = body.toString();
    const tag = tagIn(text);
    const key = aroundTags(text).join('');
    let known = prepared.get(key);
    if (!known) prepared.set(key, (known = prepare(await executed(text, schema))));
    socket.write(Buffer.isBuffer(known) ? known : known.join(tag));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Serves each of these for as long as the process that started this one lives; prints where each listens, as one line of JSON. */
export async function servePreparedSubgraphs(subgraphs: readonly { name: string; schema: GraphQLSchema }[]): Promise<void> {
  const urls: Record<string, string> = {};
  for (const { name, schema } of subgraphs) urls[name] = `http://127.0.0.1:${await servePrepared(schema)}`;
  process.stdin.on('close', () => process.exit()).resume();
  console.log(JSON.stringify(urls));
}

async function executed(body: string, schema: GraphQLSchema): Promise<string> {
  const { query, variables, operationName } = JSON.parse(body) as Operation;
  return JSON.stringify(await graphql({ schema, source: query, variableValues: variables, operationName }));
}

function prepare(json: string): Prepared {
  const whole = `HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(json)}\r\nconnection: keep-alive\r\n\r\n${json}`;
  const pieces = aroundTags(whole);
  return pieces.length === 1 ? Buffer.from(whole) : pieces;
}
