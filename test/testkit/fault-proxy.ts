import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What may happen to a request on its way: before the subgraph has heard of it, or to the answer of one that it has carried out. */
export const FAULTS = ['delay', 'reset before', 'error before', 'reset after', 'cut after', 'garbage after', 'error after', 'silence after'] as const;
export type Fault = (typeof FAULTS)[number];

const DELAY_MS = 200;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Stands between the gateway (or a peer) and one subgraph, and spoils what passes. It listens before the subgraph does. */
export class FaultProxy {
  readonly url: string;
  /** Where the subgraph listens. */
  target: string | undefined;
  /** Which requests are spoilt, by their method. */
  methods: readonly string[] = ['POST'];
  /** Requests that were spoilt, by what happened to them. */
  readonly spoilt = new Map<Fault, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  #next: () => Fault | undefined = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => void this.#handle(request, response).catch(() => response.destroy()));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async start(): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server);
  }

  /** From now on each request has the fault that `next` tells, if any. */
  spoil(next: () => Fault | undefined): void {
    this.#next = next;
  }

  /** From now on all passes as it is. */
  heal(): void {
    this.#next = () => undefined;
  }

  /** Cuts every WebSocket that is open. */
  cutSockets(): number {
    const open = this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
    return open;
  }

  async stop(): Promise<void> {
    this.cutSockets();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    const fault = this.methods.includes(request.method!) ? this.#next() : undefined;
    if (fault) this.spoilt.set(fault, (this.spoilt.get(fault) ?? 0) + 1);
    if (fault === 'reset before') return void response.destroy();
    if (fault === 'error before') return void response.writeHead(500).end('{"errors":"none"}');
    if (fault === 'delay') await delay(DELAY_MS);
    const answer = await this.#forward(request, body);
    if (fault === 'reset after') return void response.destroy();
    if (fault === 'error after') return void response.writeHead(502).end('Bad Gateway');
    if (fault === 'garbage after') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[[[');
    // The client gives up when it has waited for long enough.
    if (fault === 'silence after') return void (await once(response, 'close'));
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    if (fault === 'cut after') return void response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
    response.end(answer.body);
  }

  #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const forwarded = httpRequest(`${this.target}${url}`, { method, headers, agent: false }, (answer) => {
        const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers;
        bytesOf(answer).then((bytes) => resolve({ status: answer.statusCode!, headers: kept, body: bytes }), reject);
      });
      forwarded.on('error', reject);
      forwarded.end(body);
    });
  }

  #upgrade({ url, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { hostname, port } = new URL(this.target!);
    const other = connect(Number(port), hostname, () => {
      const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
      other.write(`GET ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      other.write(head);
      socket.pipe(other).pipe(socket);
    });
    this.#sockets.add(socket);
    for (const [one, its] of [[socket, other], [other, socket]] as const) {
      one.on('error', () => its.destroy());
      one.on('close', () => {
        this.#sockets.delete(socket);
        its.destroy();
      });
    }
  }
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
