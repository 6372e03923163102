import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readOpenStackSettings } from '../drivers/openstack/environment.js';
import type { OpenStackSettings } from '../drivers/openstack/openstack.settings.js';

/** What happens to a request: an answer instead of the cloud's, or none ever, or the cloud carries it out and its answer is lost, or only its first half arrives. */
export type Mishap = { status: number; headers?: Record<string, string>; body?: string } | 'none' | 'lost' | 'half';

interface Thing {
  id: string;
  [key: string]: unknown;
}

const POOL = 'ext-1';
const VALIDITY_MS = 3_600_000;

/** As much of an OpenStack as launching takes, in memory, that misbehaves when it is told to. */
export class ScriptedOpenStack {
  readonly stored: Record<string, Thing[]> = { servers: [], ports: [], floatingips: [] };
  /** Every request, as `POST /servers`. */
  readonly requests: string[] = [];
  /** What is logged in with. */
  logins: unknown[] = [];
  /** How long tokens that are given from now on are said to be valid. */
  validityMs = VALIDITY_MS;
  /** Names of networks and security groups that there are. */
  places = ['network_oj', 'EXT_01', 'oj_teacher', 'oj_exam'];
  endpoints = [{ interface: 'public', region_id: 'RegionOne' }];
  readonly #tokens = new Set<string>();
  readonly #server: Server;
  #mishap: (request: string) => Mishap | undefined = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#handle(request, response));
  }

  static async start(): Promise<ScriptedOpenStack> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedOpenStack(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** As the usual variables of a user of it give them, with quicker deadlines; `over` counts before. */
  settings(over: Partial<OpenStackSettings> = {}): OpenStackSettings {
    const environment = { OS_AUTH_URL: this.url, OS_USERNAME: 'hutong', OS_PASSWORD: 'a-secret-word', OS_PROJECT_NAME: 'exams' };
    return { ...readOpenStackSettings(environment), connections: 8, requestMs: 2_000, ...over };
  }

  /** The next request that `POST /servers` or the like begins has this mishap, once. */
  spoil(beginning: string, mishap: Mishap): void {
    this.spoilEvery((request) => {
      if (!request.startsWith(beginning)) return undefined;
      this.#mishap = () => undefined;
      return mishap;
    });
  }

  spoilEvery(mishap: (request: string) => Mishap | undefined): void {
    this.#mishap = mishap;
  }

  /** No token that was given is taken any more. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const content = chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
    const url = new URL(request.url!, this.url);
    const asked = `${request.method} ${url.pathname}`;
    this.requests.push(asked);
    const mishap = this.#mishap(asked);
    if (mishap === 'none') return;
    if (typeof mishap === 'object') return void response.writeHead(mishap.status, mishap.headers).end(mishap.body ?? '');
    if (asked === 'POST /v3/auth/tokens') return this.#logIn(content, response);
    if (!this.#tokens.has(String(request.headers['x-auth-token']))) return void response.writeHead(401).end();
    const [status, answer] = this.#carryOut(request.method!, url, content);
    const text = JSON.stringify(answer ?? {});
    if (mishap === 'lost') return void response.destroy();
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    if (mishap === 'half') return void response.write(text.slice(0, text.length / 2), () => response.destroy());
    response.end(text);
  }

  #logIn(content: unknown, response: ServerResponse): void {
    this.logins.push(content);
    const token = randomUUID();
    this.#tokens.add(token);
    const now = Date.now();
    const catalog = ['compute', 'network', 'image'].map((type) => ({ type, endpoints: this.endpoints.map((endpoint) => ({ ...endpoint, url: `${this.url}/${type}` })) }));
    const times = { issued_at: new Date(now).toISOString(), expires_at: new Date(now + this.validityMs).toISOString() };
    response.writeHead(201, { 'x-subject-token': token }).end(JSON.stringify({ token: { ...times, project: { id: 'project' }, catalog } }));
  }

  #carryOut(method: string, url: URL, content: Record<string, unknown> | undefined): [number, unknown?] {
    const [, , , collection = '', id] = url.pathname.split('/');
    const named = { networks: 'networks', 'security-groups': 'security_groups' }[collection];
    if (named) return [200, { [named]: this.places.filter((name) => name === url.searchParams.get('name')).map((name) => ({ id: name === 'EXT_01' ? POOL : name, project_id: 'project' })) }];
    const things = this.stored[collection];
    if (!things) return [200, { images: [], flavors: [] }];
    if (method === 'GET' && (id === undefined || id === 'detail')) return [200, { [collection]: things.filter((thing) => isAskedFor(thing, url.searchParams)) }];
    const thing = things.find((one) => one.id === id);
    if (method === 'POST' && id === undefined) return [collection === 'servers' ? 202 : 201, this.#make(collection, content!)];
    if (!thing) return [404, { itemNotFound: { message: `there is no ${id}` } }];
    if (method === 'DELETE') this.stored[collection] = things.filter((one) => one !== thing);
    return [method === 'GET' ? 200 : 202, { [collection.slice(0, -1)]: thing }];
  }

  #make(collection: string, content: Record<string, unknown>): unknown {
    const [[name, described]] = Object.entries(content) as [[string, object]];
    const address = `10.0.0.${this.stored.ports!.length + 2}`;
    const thing = { ...described, id: randomUUID(), status: 'ACTIVE', fixed_ips: [{ ip_address: address }], floating_ip_address: address };
    this.stored[collection]!.push(thing);
    return { [name]: thing };
  }
}

function isAskedFor(thing: Thing, query: URLSearchParams): boolean {
  const descriptions = query.getAll('description');
  if (descriptions.length > 0 && !descriptions.includes(String(thing.description))) return false;
  const tags = (query.get('tags-any') ?? query.get('tags') ?? '').split(',').filter((tag) => tag !== '');
  return tags.length === 0 || tags.some((tag) => (thing.tags as string[]).includes(tag));
}
