import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { SharedHeaders } from '../../http/shared-headers.js';
import { Cancellation } from '../../timing/cancellation.js';
import { BrokenOff, type ClientRequest, type HttpClientOptions, type ReadAnswer } from '../http-client.js';
import { LeanClient } from './lean-client.js';

const OPTIONS: HttpClientOptions = { connections: 2, connectTimeoutMs: 5_000, keepAliveMs: 60_000, largestAnswerBytes: 1_000_000 };
const never = new Cancellation();
const post = (body = '{}'): ClientRequest => ({ kind: { method: 'POST', path: '/graphql', headers: { accept: 'application/json' } }, body });

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function clientOf(server: Server, options: Partial<HttpClientOptions> = {}): Promise<LeanClient> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new LeanClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { ...OPTIONS, ...options });
  stack.defer(async () => {
    await client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return client;
}

/** Asks a server of Node. */
const asking = (handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void, options?: Partial<HttpClientOptions>) => clientOf(createHttpServer((request, response) => void handle(request, response)), options);

/** Asks a server that reads requests without a body that is split, and answers them by hand. */
const askingRaw = (handle: (socket: Socket, request: string) => void) => clientOf(createServer((socket) => socket.on('data', (bytes) => handle(socket, bytes.toString()))));

const textOf = ({ status, body }: ReadAnswer): string => `${status} ${body.toString()}`;
const HELLO = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

test('a request arrives as it was meant, also with characters of more than one byte', async () => {
  const client = await asking((request, response) => void text(request).then((body) => response.end(JSON.stringify([request.method, request.url, request.headers, body]))));
  const body = JSON.stringify({ text: 'Grüße, 互通 🙂' });
  const { body: answer } = await client.ask({ ...post(body), headers: [new SharedHeaders({ authorization: 'Bearer abc' }), new SharedHeaders({ traceparent: '00-1' })] }, never);
  const host = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
  expect(JSON.parse(answer.toString())).toEqual(['POST', '/graphql', { host, accept: 'application/json', authorization: 'Bearer abc', traceparent: '00-1', 'content-length': String(Buffer.byteLength(body)) }, body]);
  const latin = JSON.stringify({ text: 'Grüße' });
  expect(JSON.parse((await client.ask(post(latin), never)).body.toString())[3]).toBe(latin);
  expect(JSON.parse((await client.ask({ kind: { method: 'GET', path: '/readyz?a=b', headers: {} } }, never)).body.toString())).toEqual(['GET', '/readyz?a=b', { host }, '']);
});

test.each([
  ['a value', { 'x-any': 'a\r\nx-other: b' }],
  ['a name', { 'x-any: b\r\nx-other': 'a' }],
  ['a character that is none of a header', { 'x-any': '互' }],
])('a header that would end elsewhere by %s is not sent', async (_what, headers) => {
  let asked = 0;
  const client = await asking((_request, response) => void response.end(String(++asked)));
  await expect(client.ask({ ...post(), headers: [new SharedHeaders(headers as Record<string, string>)] }, never)).rejects.toThrow('cannot be sent as it is');
  expect(textOf(await client.ask(post(), never))).toBe('200 1');
});

test('more requests than connections wait for their turn, in their order', async () => {
  const connections = new Set<unknown>();
  const held: (() => void)[] = [];
  const arrived: number[] = [];
  const client = await asking(async (request, response) => {
    connections.add(request.socket);
    const body = await text(request);
    arrived.push(Number(body));
    held.push(() => response.end(body));
    // Both connections are used at once, or nothing is answered.
    if (held.length === 2) for (const answer of held.splice(0)) answer();
  });
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  const answers = await Promise.all(numbers.map((number) => client.ask(post(String(number)), never)));
  expect(answers.map(({ body }) => Number(body.toString()))).toEqual(numbers);
  expect(connections.size).toBe(2);
  expect(arrived.every((number, place) => Math.abs(number - place) < 2)).toBe(true);
});

test('requests one after the other share a connection', async () => {
  const sockets = new Set<unknown>();
  const client = await asking((request, response) => void response.end(String(sockets.add(request.socket).size)));
  for (let n = 0; n < 20; n++) expect(textOf(await client.ask(post(), never))).toBe('200 1');
});

test('a large answer comes whole, and so does a large request', async () => {
  const large = 'x'.repeat(900_000);
  const client = await asking((request, response) => void text(request).then((body) => response.end(body)));
  expect((await client.ask(post(large), never)).body.toString()).toBe(large);
});

test('a request that is given up ends its connection, and only that', async () => {
  const gone = Promise.withResolvers<void>();
  const client = await asking((request, response) => {
    void text(request).then((body) => (body === 'slow' ? response.once('close', () => gone.resolve()) : response.end(body)));
  });
  const stop = new Cancellation();
  const slow = client.ask(post('slow'), stop);
  expect(textOf(await client.ask(post('quick'), never))).toBe('200 quick');
  stop.cancel(new Error('enough'));
  await expect(slow).rejects.toThrow('enough');
  await gone.promise;
  expect(textOf(await client.ask(post('again'), never))).toBe('200 again');
  await expect(client.ask(post('slow'), stop)).rejects.toThrow('enough');
});

test('a request that is given up while it waits is never sent', async () => {
  const asked: string[] = [];
  const held: ServerResponse[] = [];
  const client = await asking(async (request, response) => {
    asked.push(await text(request));
    held.push(response);
  }, { connections: 1 });
  const first = client.ask(post('first'), never);
  await expect.poll(() => held.length).toBe(1);
  const stop = new Cancellation();
  const second = client.ask(post('second'), stop);
  const third = client.ask(post('third'), never);
  stop.cancel(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  held[0]!.end('one');
  await expect.poll(() => held.length).toBe(2);
  held[1]!.end('three');
  expect([textOf(await first), textOf(await third), asked]).toEqual(['200 one', '200 three', ['first', 'third']]);
});

test('a request whose connection ends before an answer is sent no second time', async () => {
  let asked = 0;
  const client = await askingRaw((socket) => void (++asked === 1 ? socket.write(HELLO) : socket.destroy()));
  expect(textOf(await client.ask(post(), never))).toBe('200 hello');
  await expect(client.ask(post(), never)).rejects.toThrow('closed');
  expect(asked).toBe(2);
});

test.each([
  ['closed', (socket: Socket) => void socket.end()],
  ['cut', (socket: Socket) => void socket.resetAndDestroy()],
  ['used to say what nobody asked for', (socket: Socket) => void socket.write(HELLO.replace('hello', 'evil!'))],
])('an idle connection that was %s is not used again', async (_what, spoil) => {
  const connections: Socket[] = [];
  const client = await askingRaw((socket) => {
    connections.push(socket);
    socket.write(HELLO);
  });
  expect(textOf(await client.ask(post(), never))).toBe('200 hello');
  const closed = once(connections[0]!, 'close');
  spoil(connections[0]!);
  await closed;
  expect(textOf(await client.ask(post(), never))).toBe('200 hello');
  expect(connections[1]).not.toBe(connections[0]);
});

test('a connection whose request was answered before it was taken in is not used again', async () => {
  const connections = new Set<Socket>();
  const client = await clientOf(createServer((socket) => socket.once('readable', () => {
    connections.add(socket);
    socket.write(HELLO);
  })), { connections: 1 });
  expect(textOf(await client.ask(post('x'.repeat(50_000_000)), never))).toBe('200 hello');
  expect(textOf(await client.ask(post(), never))).toBe('200 hello');
  expect(connections.size).toBe(2);
});

test('connections that were idle for too long are closed', async () => {
  const closed = Promise.withResolvers<void>();
  const client = await clientOf(createServer((socket) => socket.on('close', () => closed.resolve()).once('data', () => socket.write(HELLO))), { keepAliveMs: 1 });
  expect(textOf(await client.ask(post(), never))).toBe('200 hello');
  await closed.promise;
});

test('a server that is not there is told of', async () => {
  const server = createServer();
  const client = await clientOf(server);
  server.close();
  await once(server, 'close');
  await expect(client.ask(post(), never)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  server.listen(0, '127.0.0.1');
});

test('an answer that breaks off says so', async () => {
  const client = await askingRaw((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', () => socket.resetAndDestroy()));
  await expect(client.ask(post(), never)).rejects.toBeInstanceOf(BrokenOff);
});

test('what is under way when the client is closed fails, and so does what comes later', async () => {
  const client = await asking(() => undefined, { connections: 1 });
  const asked = Promise.allSettled([client.ask(post('one'), never), client.ask(post('two'), never)]);
  await new Promise(setImmediate);
  await client.close();
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(client.ask(post(), never)).rejects.toThrow('closed');
});
