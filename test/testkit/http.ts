import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { Actor } from './actor.js';
import { expectDocumented } from './documented.answers.js';
import type { Platform } from './platform.js';

export interface HttpRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  /** Sent as it is: a text as UTF-8, bytes untouched. */
  body?: string | Uint8Array;
  /** An address of this host that it comes from. */
  from?: string;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed body; undefined when it is not JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads bodies of any shape
  json: any;
}

/** The legacy contracts may be in a process of their own. */
const placeOf = ({ url, legacyUrl }: Platform, path: string): string => (/^\/(?:api|cloud_api|ai_arts\/api)(?:\/|$)/.test(path) ? legacyUrl : url);

/** Most clients keep connections; a server that refuses a long body early must let them finish sending. */
const agent = new Agent({ keepAlive: true });

/** Sends exactly what it is given, which fetch would not: any header, any bytes, any method. What a contract answers has to be what its OpenAPI document says. */
export async function send(platform: Platform, request: HttpRequest): Promise<HttpAnswer> {
  const answer = await exchange(platform, request);
  const { status, headers, text } = answer;
  expectDocumented({ method: request.method ?? 'GET', path: request.path }, { status, contentType: headers['content-type'], requestId: headers['x-request-id'] as string | undefined, text });
  return answer;
}

function exchange(platform: Platform, { method = 'GET', path, headers = {}, body, from }: HttpRequest): Promise<HttpAnswer> {
  const { hostname, port } = new URL(placeOf(platform, path));
  // Node frames the body of some methods only when it is told the length.
  const framed = body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: hostname, port, method, path, headers: framed, agent, ...(from === undefined ? {} : { localAddress: from }) }, (response) => {
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

/** Sends bytes that Node's client would not, and answers all that comes back until the server closes the connection. */
export function sendRaw(platform: Platform, bytes: string): Promise<string> {
  const { hostname, port } = new URL(placeOf(platform, bytes.split(' ', 2)[1] ?? ''));
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (text: string) => (received += text)).on('error', reject).on('close', () => resolve(received));
  });
}

/** A form, urlencoded, as somebody. */
export function sendForm(actor: Actor, path: string, fields: Record<string, string>, more: Pick<HttpRequest, 'headers' | 'from'> = {}): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...more.headers };
  return sendAs(actor, { ...more, method: 'POST', path, headers, body: new URLSearchParams(fields).toString() });
}

/** The same as somebody, with a JSON body unless a text or bytes are given. */
export function sendAs(actor: Actor, { body, headers = {}, ...rest }: Omit<HttpRequest, 'body'> & { body?: unknown }): Promise<HttpAnswer> {
  const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return send(actor.platform, {
    ...rest,
    headers: {
      ...(actor.credential === undefined ? {} : { token: actor.credential }),
      ...(raw === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(raw === undefined ? {} : { body: raw }),
  });
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
