import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient as createSseClient, type Client as SseClient } from 'graphql-sse';
import { createClient, type Client, type CloseCode } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { send } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';

// Subscriptions as the clients of others have them: those of graphql-ws and graphql-sse, which know nothing of us, and sockets
// that break the protocols.

let platform: Platform;
let root: Actor;
let users = 0;
beforeAll(async () => {
  platform = await startPlatform({ environment: { WEBSOCKET_INIT_SECONDS: '1' } });
  root = await admin(platform);
});
afterAll(() => platform?.dispose());

const open: { dispose(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.dispose();
});

const MACHINES = 'subscription { machineChanged { machine { id name } } }';
const save = (name: string) => root.ask('mutation ($machine: MachineInput!) { saveMachines(input: { machines: [$machine] }) { id } }', { machine: { id: '1', name, cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: 'none', ip: '10.0.0.1' } });
const newUser = () => actor(root, `client${++users}`);
const bearer = (credential: string | undefined) => ({ Authorization: `Bearer ${credential}` });

/** How many subscriptions are open. */
async function active(): Promise<number> {
  const { text } = await send(platform, { path: '/metrics' });
  return [...text.matchAll(/^hutong_subscriptions_active\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What a sink of either client was told. */
function sink() {
  const results: { data?: unknown; errors?: unknown }[] = [];
  const over = Promise.withResolvers<unknown>();
  return {
    results,
    over: over.promise,
    next: (result: unknown) => void results.push(result as { data?: unknown }),
    error: (failure: unknown) => over.resolve(failure),
    complete: () => over.resolve('complete'),
  };
}

function websocketClient(credential: string | undefined, more: Partial<Parameters<typeof createClient>[0]> = {}): Client {
  const client = createClient({ url: `${platform.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: bearer(credential), retryAttempts: 0, ...more });
  open.push(client);
  return client;
}

function sseClient(credential: string | undefined, singleConnection = false): SseClient<boolean> {
  const client = createSseClient<boolean>({ url: `${platform.url}/graphql`, headers: bearer(credential), retryAttempts: 0, singleConnection });
  open.push(client);
  return client;
}

/** Saves again until the subscription, of whose beginning nobody is told, has heard of it. */
async function heard({ results }: ReturnType<typeof sink>): Promise<void> {
  for (let round = 0; results.length === 0 && round < 100; round++) {
    await save(`round ${round}`);
    await delay(50);
  }
  expect(results[0]).toMatchObject({ data: { machineChanged: { machine: { id: '1' } } } });
}

describe.each([
  ['graphql-ws', (credential: string | undefined) => websocketClient(credential)],
  ['graphql-sse', (credential: string | undefined) => sseClient(credential)],
] as const)('the client of %s', (name, clientOf) => {
  test('hears of events until it has heard enough, and runs queries meanwhile', async () => {
    const client = clientOf(root.credential);
    const [events, query] = [sink(), sink()];
    const stop = client.subscribe({ query: MACHINES }, events);
    await heard(events);
    client.subscribe({ query: '{ me { username } }' }, query);
    expect(await query.over).toBe('complete');
    expect(query.results).toEqual([{ data: { me: { username: 'admin' } } }]);
    stop();
    expect(await events.over).toBe('complete');
  });

  test('is told what is wrong with an operation, with the code', async () => {
    const client = clientOf(root.credential);
    for (const [query, code] of [['subscription { nothing { id } }', 'GRAPHQL_VALIDATION_FAILED'], ['subscription {', 'GRAPHQL_PARSE_FAILED'], [`subscription { machineChanged { ${'id '.repeat(900)} } }`, 'LIMIT_EXCEEDED']] as const) {
      const refused = sink();
      client.subscribe({ query }, refused);
      const failure = await refused.over;
      const errors = name === 'graphql-ws' ? (failure as { extensions: unknown }[]) : ((await (failure as { response: Response }).response.json()) as { errors: { extensions: unknown }[] }).errors;
      expect([query, errors[0]?.extensions]).toEqual([query, expect.objectContaining({ code })]);
    }
  });

  test('is told that its credential is not good', async () => {
    const refused = sink();
    clientOf('nobody').subscribe({ query: MACHINES }, refused);
    const failure = await refused.over;
    if (name === 'graphql-ws') expect(failure).toMatchObject({ code: 4403, reason: expect.stringContaining('UNAUTHENTICATED') });
    else expect((failure as { response: Response }).response.status).toBe(401);
  });

  test('is told when its user logs out', async () => {
    const user = await newUser();
    const events = sink();
    await until('the end of all subscriptions', async () => (await active()) === 0);
    clientOf(user.credential).subscribe({ query: 'subscription { taskChanged { id } }' }, events);
    await until('the subscription', async () => (await active()) === 1);
    await user.ask('mutation { logOut }');
    const end = await events.over;
    if (name === 'graphql-ws') expect(end).toMatchObject({ code: 4403 });
    else expect([end, events.results]).toEqual(['complete', [{ errors: [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })] }]]);
  });
});

test('the client of graphql-ws connects again after its connection was lost, and hears of what comes then', async () => {
  let connected = 0;
  let socket: WebSocket | undefined;
  const client = websocketClient(root.credential, { retryAttempts: 5, retryWait: async () => undefined, on: { connected: (opened) => ((socket = opened as WebSocket), connected++) } });
  const events = sink();
  client.subscribe({ query: MACHINES }, events);
  await heard(events);
  socket!.terminate();
  await until('the second connection', () => connected === 2);
  events.results.length = 0;
  await heard(events);
});

test('the single connection mode of graphql-sse is not offered, and its client is told so', async () => {
  const refused = sink();
  sseClient(root.credential, true).subscribe({ query: MACHINES }, refused);
  expect(((await refused.over) as { response: Response }).response.status).toBe(405);
  // What that client asks first.
  const reservation = await fetch(`${platform.url}/graphql`, { method: 'PUT', headers: bearer(root.credential) });
  expect([reservation.status, reservation.headers.get('allow')]).toEqual([405, 'GET, POST']);
  expect(((await reservation.json()) as { errors: unknown[] }).errors[0]).toMatchObject({ message: expect.stringContaining('only GET and POST'), extensions: { code: 'BAD_INPUT' } });
});

test('an EventSource, which can only GET and send no header, is told to POST', async () => {
  const response = await fetch(`${platform.url}/graphql?query=${encodeURIComponent(MACHINES)}`, { headers: { accept: 'text/event-stream' } });
  expect(response.status).toBe(400);
  expect(((await response.json()) as { errors: { message: string }[] }).errors[0]?.message).toContain('POST');
});

/** A WebSocket whose frames a test writes itself. */
class RawSocket {
  /** The code of the close frame that came, or undefined: the connection just ended. */
  readonly closed: Promise<number | undefined>;

  private constructor(
    readonly status: number,
    readonly socket: Socket,
    rest: Buffer,
  ) {
    let received = rest;
    // What closes first waits for the other side to do the same.
    const look = () => closeCodeIn(received) !== undefined && socket.destroy();
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      look();
    });
    this.closed = once(socket, 'close').then(() => closeCodeIn(received));
    look();
  }

  static async open(protocol: string, path = '/graphql'): Promise<RawSocket> {
    const { hostname, port } = new URL(platform.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    return new RawSocket(Number(/^HTTP\/1\.1 (\d+)/.exec(head.toString('latin1'))?.[1]), socket, head.subarray(head.indexOf('\r\n\r\n') + 4));
  }

  /** One frame of less than 126 bytes; `first` holds FIN and the kind. */
  frame(first: number, payload: Uint8Array, masked = true): void {
    const mask = Buffer.alloc(masked ? 4 : 0);
    this.socket.write(Buffer.concat([Buffer.from([first, (masked ? 0x80 : 0) | payload.length]), mask, payload]));
  }

  text(message: unknown): void {
    this.frame(0x81, Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)));
  }
}

function closeCodeIn(frames: Buffer): number | undefined {
  for (let at = 0; at + 2 <= frames.length; ) {
    const length = frames[at + 1]! & 0x7f;
    const head = length === 126 ? 4 : 2;
    const bytes = length === 126 ? frames.readUInt16BE(at + 2) : length;
    if ((frames[at]! & 0x0f) === 8) return frames.readUInt16BE(at + head);
    at += head + bytes;
  }
  return undefined;
}

const GREETING = { type: 'connection_init' };
const PROTOCOL = 'graphql-transport-ws';

test.each<[what: string, code: number, protocol: string, speak: (socket: RawSocket) => void]>([
  ['another protocol, that of subscriptions-transport-ws', 4406 satisfies CloseCode.SubprotocolNotAcceptable, 'graphql-ws', () => undefined],
  ['no greeting', 4408, PROTOCOL, () => undefined],
  ['an operation before the greeting', 4401, PROTOCOL, (socket) => socket.text({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } })],
  ['a second greeting', 4429, PROTOCOL, (socket) => [GREETING, GREETING].forEach((message) => socket.text(message))],
  ['a greeting whose payload is no object', 4400, PROTOCOL, (socket) => socket.text({ type: 'connection_init', payload: 'token' })],
  ['what is no JSON', 4400, PROTOCOL, (socket) => socket.text('{')],
  ['a message of __proto__', 4400, PROTOCOL, (socket) => socket.text('{"__proto__":{"type":"connection_init"}}')],
  ['a message that only servers send', 4400, PROTOCOL, (socket) => [GREETING, { id: '1', type: 'next', payload: { data: {} } }].forEach((message) => socket.text(message))],
  ['an operation without a text', 4400, PROTOCOL, (socket) => [GREETING, { id: '1', type: 'subscribe', payload: {} }].forEach((message) => socket.text(message))],
  ['a frame that is not masked', 1002, PROTOCOL, (socket) => socket.frame(0x81, Buffer.from('{}'), false)],
  ['a frame of a kind that there is not', 1002, PROTOCOL, (socket) => socket.frame(0x83, Buffer.from('{}'))],
  ['a frame with reserved bits', 1002, PROTOCOL, (socket) => socket.frame(0xf1, Buffer.from('{}'))],
  ['text that is not UTF-8', 1007, PROTOCOL, (socket) => socket.frame(0x81, Buffer.from([0xc3, 0x28]))],
  ['a close frame with a code that is none', 1002, PROTOCOL, (socket) => socket.frame(0x88, Buffer.from([0x03, 0xe7]))],
])('%s closes the socket with %i', async (_what, code, protocol, speak) => {
  const socket = await RawSocket.open(protocol);
  expect(socket.status).toBe(101);
  speak(socket);
  expect(await socket.closed).toBe(code);
});

test('a socket that speaks too soon, in pieces, or is cut off harms nobody else', async () => {
  const pieces = await RawSocket.open(PROTOCOL);
  // One message in single bytes, each a frame of its own.
  const message = Buffer.from(JSON.stringify(GREETING));
  for (const [at, byte] of message.entries()) pieces.frame((at === message.length - 1 ? 0x80 : 0) | (at === 0 ? 1 : 0), Buffer.from([byte]));
  pieces.text({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } });
  await once(pieces.socket, 'data');
  pieces.socket.destroy();
  for (let times = 0; times < 20; times++) (await RawSocket.open(PROTOCOL)).socket.resetAndDestroy();
  const query = sink();
  websocketClient(root.credential).subscribe({ query: '{ me { username } }' }, query);
  expect(await query.over).toBe('complete');
});
