import { createHash } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { CallerTokens, LocalRoutes, RouteSessions, silentLog, type HttpListener, type Log, type RouteTarget, type SubgraphContext, type SubgraphRoute } from '@hutong/common';
import { RemoteRoutes, serveEndpoint, SubgraphEndpoint, type SubgraphServer } from '@hutong/common/remote';
import { buildSchema } from 'graphql';
import { WebSocketServer } from 'ws';
import { listenForNotebooks } from '../routes/route-listener.js';
import { SubgraphRoutes } from '../routes/subgraph-routes.js';
import { testGateway, type TestGateway } from './test-gateway.js';

const SECRET = 'the secret of both processes';
const SUBGRAPH = 'bytes';
export const COOKIE = 'session';
export const PATH = '/bytes';
const MB = 1024 * 1024;

/** Where the subgraph is: in the gateway's process, or behind HTTP. */
export type RoutePlace = 'here' | 'elsewhere';

/** What the handlers of the test saw. */
export interface Seen {
  headers: NodeJS.Dict<string | string[]>[];
  scopes: Pick<SubgraphContext<unknown>, 'caller' | 'requestId' | 'origin'>[];
  /** Exchanges whose signal was aborted. */
  aborted: number;
  /** Requests and WebSockets that are open. */
  open: number;
  /** Bytes that the endless answer has given away so far, and that the slow reader has taken. */
  poured: number;
  taken: number;
  /** How often it was told that something may have changed. */
  changes: number;
}

export interface TestRoutes {
  readonly url: string;
  readonly port: number;
  readonly seen: Seen;
  readonly gateway: TestGateway;
  readonly sessions: RouteSessions;
  /** Lets the slow reader read. */
  readOn(): void;
  /** Ends the subgraph's process; where it is here, there is none. */
  stopSubgraph(): Promise<void>;
  stop(): Promise<void>;
}

/** A gateway with a subgraph that has routes. */
export async function testRoutes(place: RoutePlace, log: Log = silentLog): Promise<TestRoutes> {
  const gateway = await testGateway();
  const seen: Seen = { headers: [], scopes: [], aborted: 0, open: 0, poured: 0, taken: 0, changes: 0 };
  const reading = Promise.withResolvers<void>();
  const local = new LocalRoutes({ routes: testHandlers(seen, reading.promise), scopeOf: (call) => ({ ...call, origin: 'client' }) as SubgraphContext<unknown>, subgraph: SUBGRAPH, log });
  const tokens = new CallerTokens(SECRET);
  const sessions = new RouteSessions(SECRET);
  let server: SubgraphServer | undefined;
  let target: RouteTarget & { close?(): Promise<void> } = local;
  if (place === 'elsewhere') {
    server = await serveEndpoint(new SubgraphEndpoint({ name: SUBGRAPH, schema: buildSchema('type Query { ok: Boolean }'), connection: { name: SUBGRAPH } as never, routes: local }, tokens, log), { host: '127.0.0.1', port: 0 });
    target = new RemoteRoutes({ name: SUBGRAPH, url: `http://127.0.0.1:${server.port}`, tokens, log });
  }
  const url = () => `http://127.0.0.1:${listener.port}`;
  const routes = new SubgraphRoutes({ routes: [{ subgraph: SUBGRAPH, path: PATH, origin: 'notebook', sessionCookie: COOKIE, target }], identity: gateway.identity, sessions, notebookOrigin: url, changed: () => (seen.changes += 1), log });
  const listener: HttpListener = await listenForNotebooks({ routes, isShared: false, host: '127.0.0.1', port: 0, trustedProxies: [], log });
  const stopSubgraph = async () => {
    await server?.stop(0);
    server = undefined;
  };
  return {
    url: url(),
    port: listener.port,
    seen,
    gateway,
    sessions,
    readOn: () => reading.resolve(),
    stopSubgraph,
    async stop() {
      routes.stop();
      await listener.drain(0);
      await target.close?.();
      await stopSubgraph();
      await gateway.stop();
    },
  };
}

function testHandlers(seen: Seen, mayRead: Promise<void>): SubgraphRoute[] {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 16 * MB });
  const watch = (request: IncomingMessage, scope: SubgraphContext<unknown>): void => {
    seen.headers.push(request.headers);
    seen.scopes.push({ caller: scope.caller, requestId: scope.requestId, origin: scope.origin });
    scope.signal.addEventListener('abort', () => (seen.aborted += 1));
  };
  return [
    {
      path: PATH,
      methods: ['GET', 'HEAD', 'POST'],
      origin: 'notebook',
      sessionCookie: COOKIE,
      async handle(request, response, scope) {
        watch(request, scope);
        seen.open += 1;
        response.once('close', () => (seen.open -= 1));
        const { pathname } = new URL(request.url!, 'http://any');
        switch (pathname.slice(PATH.length)) {
          case '/who':
            return void response.setHeader('hutong-inner', 'x').end(JSON.stringify({ user: scope.caller.userId, address: scope.caller.address, url: request.url }));
          case '/hash':
            return void response.end(createHash('sha256').update(await buffer(request)).digest('hex'));
          case '/part':
            return void response.writeHead(206, { 'content-range': 'bytes 0-3/10', 'content-length': '4', etag: '"a"', 'set-cookie': ['a=1', 'b=2'], connection: 'x-inner', 'x-inner': 'of the connection' }).end(request.method === 'HEAD' ? undefined : '0123');
          case '/unchanged':
            return void response.writeHead(304, { etag: '"a"' }).end();
          case '/refuse':
            return void response.writeHead(413, { 'content-type': 'text/plain' }).end('too large');
          case '/slow':
            await mayRead;
            for await (const chunk of request as AsyncIterable<Buffer>) seen.taken += chunk.length;
            return void response.end(String(seen.taken));
          case '/endless': {
            const chunk = Buffer.alloc(64 * 1024);
            const pour = (): void => {
              while (!response.destroyed) {
                seen.poured += chunk.length;
                if (!response.write(chunk)) return void response.once('drain', pour);
              }
            };
            return pour();
          }
          case '/breaks':
            response.writeHead(200, { 'content-length': '10' });
            response.write('01234');
            return void setTimeout(() => response.destroy(), 20);
          case '/secret':
            response.setHeader('x-half-made', 'yes');
            throw new Error('the secret is swordfish');
          default:
            return void response.writeHead(404).end();
        }
      },
      upgrade(request, socket, head, scope) {
        watch(request, scope);
        if (request.url!.endsWith('/closed')) throw new Error('the secret is swordfish');
        seen.open += 1;
        socket.once('close', () => (seen.open -= 1));
        sockets.handleUpgrade(request, socket, head, (opened) => {
          opened.on('message', (message: Buffer, isBinary) => (message.toString() === 'bye' ? opened.close(4001, 'as asked') : opened.send(message, { binary: isBinary })));
        });
      },
    },
  ];
}

/** Sends these bytes and nothing else; answers all that comes back until the connection ends. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  return (await buffer(socket)).toString();
}

/** Most clients keep connections; Node ends one that its client wants ended while the rest of a body is still on its way. */
const agent = new Agent({ keepAlive: true });

/** A request whose answer is not read by itself. */
export function ask(routes: TestRoutes, path: string, { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: NodeJS.ReadableStream } = {}): Promise<IncomingMessage & { socket: Socket }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${routes.url}${PATH}${path}`, { method, headers, agent }, resolve as (answer: IncomingMessage) => void).on('error', reject);
    if (body) body.pipe(sent);
    else sent.end();
  });
}
