import { expectDocumented } from './documented.answers.js';
import { graphBody } from './graph-request.js';
import { ADMIN_PASSWORD, type Platform } from './platform.js';

export interface GraphError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; field?: string } & Record<string, unknown>;
}

export interface GraphAnswer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  data: any;
  errors: GraphError[];
}

export interface LegacyAnswer {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads bodies of any shape
  body: any;
}

/** Somebody with a credential, who talks to the platform as its users do: over HTTP. */
export class Actor {
  constructor(
    readonly platform: Platform,
    readonly username: string,
    readonly credential: string | undefined,
    readonly userId: string = '',
  ) {}

  /** Runs an operation at `/graphql`; a File among the variables is uploaded. */
  async graph(query: string, variables: Record<string, unknown> = {}): Promise<GraphAnswer> {
    const { headers, body } = await graphBody(query, variables);
    const response = await fetch(`${this.platform.url}/graphql`, {
      method: 'POST',
      headers: { ...headers, ...(this.credential ? { authorization: `Bearer ${this.credential}` } : {}) },
      body,
    });
    const { data = null, errors = [] } = (await response.json()) as Partial<GraphAnswer>;
    return { status: response.status, data, errors };
  }

  /** The same, for operations that must succeed: answers the data. */
  async ask(query: string, variables: Record<string, unknown> = {}): Promise<GraphAnswer['data']> {
    const { data, errors } = await this.graph(query, variables);
    if (errors.length > 0) throw new Error(`${this.username}: ${errors.map(({ message, extensions }) => `${extensions.code} ${message}`).join('; ')}`);
    return data;
  }

  /** A request to a route of 互通, with header `token`. */
  interconnect(method: string, path: string, body?: unknown): Promise<LegacyAnswer> {
    return this.#legacy(method, `/api/v1/${path}`, this.credential ? { token: this.credential } : {}, body);
  }

  /** A request to a route of SimpleServerAPI, with header `X-Auth-Token`. */
  simpleServer(method: string, path: string, body?: unknown): Promise<LegacyAnswer> {
    return this.#legacy(method, `/api/${path}`, this.credential ? { 'x-auth-token': this.credential } : {}, body);
  }

  async #legacy(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<LegacyAnswer> {
    const response = await fetch(`${this.platform.legacyUrl}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    expectDocumented({ method, path }, { status: response.status, contentType: response.headers.get('content-type'), requestId: response.headers.get('x-request-id'), text });
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
}

/** Somebody without a credential. */
export const stranger = (platform: Platform): Actor => new Actor(platform, 'stranger', undefined);

/** Logs in over SimpleServerAPI, as an old client does. */
export async function logIn(platform: Platform, username: string, password: string): Promise<Actor> {
  const { status, body } = await stranger(platform).simpleServer('POST', 'ticket', { username, password });
  if (status !== 200) throw new Error(`log-in of ${username} answered ${status}: ${JSON.stringify(body)}`);
  const visitor = new Actor(platform, username, body.data.ticket as string);
  const { me } = await visitor.ask('{ me { id } }');
  return new Actor(platform, username, visitor.credential, me.id as string);
}

export const admin = (platform: Platform): Promise<Actor> => logIn(platform, 'admin', ADMIN_PASSWORD);

/** A long-lived credential of a user, for all that they may do. */
export async function apiToken(user: Actor): Promise<string> {
  return (await user.ask('mutation { createApiToken(input: { name: "a program", scopes: ["all"] }) { token } }')).createApiToken.token as string;
}

interface NewUser {
  roles?: ('ADMIN' | 'PROVIDER' | 'MEMBER')[];
  organization?: string;
}

/** A new user, logged in. */
export async function actor(root: Actor, username: string, { roles = ['MEMBER'], organization }: NewUser = {}): Promise<Actor> {
  const password = `${username}'s own password 1`;
  await root.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
    input: { username, password, roles, ...(organization === undefined ? {} : { organization }) },
  });
  return logIn(root.platform, username, password);
}
