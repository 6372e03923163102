import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import express from 'express';
import { restCompat } from '../contracts.js';
import { acceptUnencodedTargets } from '../engine/unencoded-target.js';
import type { RestCompatSettings } from '../engine/settings.js';
import { FakeGraph } from './fake.graph.js';

interface AnyEnvelope {
  code: number;
  ret_code: number;
  message: string;
  detail: unknown;
  data: { results: object[] } & { id: number }[];
}

export interface RestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed body: whichever of these members its contract has. */
  json: AnyEnvelope;
}

export interface RestRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface FormOptions {
  multipart?: boolean;
  /** The file of a multipart form, behind its texts. */
  file?: { key: string; name: string; bytes: string | Uint8Array<ArrayBuffer> };
  headers?: Record<string, string>;
}

/** The legacy routes over real HTTP on a free port, on top of a graph in memory. */
export class RestServer implements AsyncDisposable {
  private constructor(
    readonly graph: FakeGraph,
    /** What was logged as an error. */
    readonly logged: { fields: Record<string, unknown>; message: string }[],
    readonly server: Server,
  ) {}

  static async start(settings: Partial<RestCompatSettings> = {}, before?: express.RequestHandler): Promise<RestServer> {
    const graph = new FakeGraph();
    const logged: RestServer['logged'] = [];
    const log = { error: (fields: object, message: string) => void logged.push({ fields: { ...fields }, message }) };
    const app = express();
    if (before) app.use(before);
    app.use(restCompat({ graph, settings: { log, ...settings } }));
    app.use((request, response) => void response.status(404).send(`nothing legacy at ${request.url}`));
    const server = app.listen(0, '127.0.0.1');
    acceptUnencodedTargets(server);
    await once(server, 'listening');
    return new RestServer(graph, logged, server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Sends exactly what it is given; the path's characters are bytes. */
  send({ method = 'GET', path, headers = {}, body }: RestRequest): Promise<RestAnswer> {
    // Node frames the body of some methods only when it is told the length.
    const framed = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: this.port, method, path, headers: framed, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: asJson(text) });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Writes bytes to a socket and reads what comes back until the server closes it. */
  raw(bytes: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(this.port, '127.0.0.1', () => void socket.write(bytes));
      socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject).on('close', () => resolve(Buffer.concat(chunks).toString()));
    });
  }

  get(path: string, headers: Record<string, string> = { token: 'secret' }): Promise<RestAnswer> {
    return this.send({ path, headers });
  }

  /** Posts a value as JSON, or a text or bytes as they are. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<RestAnswer> {
    return this.send({
      method: 'POST',
      path,
      headers: { token: 'secret', 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  }

  /** Posts a form, urlencoded unless said otherwise or it has a file. */
  async form(path: string, fields: Record<string, string>, { multipart = false, file, headers = { token: 'secret' } }: FormOptions = {}): Promise<RestAnswer> {
    const form = new FormData();
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    if (file) form.append(file.key, new Blob([file.bytes]), file.name);
    const sent = new Response(multipart || file ? form : new URLSearchParams(fields));
    return this.send({ method: 'POST', path, headers: { 'content-type': sent.headers.get('content-type')!, ...headers }, body: Buffer.from(await sent.arrayBuffer()) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** An empty object when it is no JSON; then what a test expects of it is not there. */
function asJson(text: string): AnyEnvelope {
  try {
    return JSON.parse(text) as AnyEnvelope;
  } catch {
    return {} as AnyEnvelope;
  }
}
