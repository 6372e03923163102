import { request, type Dispatcher } from 'undici';
import { z } from 'zod';
import { CloudError } from '../driver.js';
import { refusalOf, unanswered, type Answer } from './openstack.faults.js';
import type { KeystoneName, OpenStackCredentials, OpenStackSettings } from './openstack.settings.js';

/** The services that are used, by their types in the catalogue. */
export type ServiceType = 'compute' | 'network' | 'image';

/** What Keystone gave for the credentials. */
export interface Session {
  token: string;
  projectId: string;
  /** The URL that a service's paths begin with. @throws MISCONFIGURED */
  endpoint(type: ServiceType): string;
}

const tokenSchema = z.object({
  token: z.object({
    expires_at: z.string(),
    issued_at: z.string(),
    project: z.object({ id: z.string() }).optional(),
    catalog: z.array(z.object({ type: z.string(), endpoints: z.array(z.object({ interface: z.string(), region_id: z.string().nullish(), url: z.string() })) })).default([]),
  }),
});
type Token = z.infer<typeof tokenSchema>['token'];

/** A token is given back so long before its end, or after nine tenths of its time when that is later. */
const RENEWED_BEFORE_MS = 120_000;
const VERSIONS: Record<ServiceType, RegExp> = { compute: /\/v2(\.\d+)?(\/|$)/, network: /\/v2\.0$/, image: /\/v2$/ };
const VERSION_PATHS: Record<ServiceType, string> = { compute: '/v2.1', network: '/v2.0', image: '/v2' };

/** Logs in to Keystone, and again before the token ends. However many ask at a time, it logs in once. */
export class KeystoneSession {
  #current: { session: Session; renewAt: number } | undefined;
  #login: Promise<Session> | undefined;

  constructor(
    private readonly settings: OpenStackSettings,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** @throws UNAUTHORIZED, MISCONFIGURED, BUSY, UNREACHABLE, FAILED */
  async session(signal: AbortSignal): Promise<Session> {
    if (this.#current && performance.now() < this.#current.renewAt) return this.#current.session;
    // It is everybody's, so one who gives up does not end it for the others.
    this.#login ??= this.#logIn().finally(() => (this.#login = undefined));
    return unlessAborted(this.#login, signal);
  }

  /** A service did not take the token: the next session has another one. */
  discard({ token }: Session): void {
    if (this.#current?.session.token === token) this.#current = undefined;
  }

  async #logIn(): Promise<Session> {
    const url = `${this.settings.authUrl.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3/auth/tokens`;
    const asked = 'logging in to Keystone';
    const answer = await this.#post(url, { auth: authOf(this.settings.credentials) }, asked);
    if (answer.status !== 201) throw loginRefusal(answer, asked);
    const value = answer.headers['x-subject-token'];
    const token = tokenIn(answer.body);
    if (typeof value !== 'string' || !token) throw new CloudError('UNREACHABLE', `${asked}: what answers at ${url} is not Keystone`);
    if (!token.project) throw new CloudError('MISCONFIGURED', `${asked}: the credentials are not for a project; set OS_PROJECT_NAME`);
    // Its own clock may differ from ours.
    const lifetime = Date.parse(token.expires_at) - Date.parse(token.issued_at);
    const renewAt = performance.now() + Math.max(lifetime - RENEWED_BEFORE_MS, lifetime * 0.9);
    const session = { token: value, projectId: token.project.id, endpoint: (type: ServiceType) => this.#endpoint(token, type) };
    this.#current = { session, renewAt };
    return session;
  }

  async #post(url: string, content: object, asked: string): Promise<Answer> {
    try {
      const { statusCode, headers, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(content),
        dispatcher: this.dispatcher,
        signal: AbortSignal.timeout(this.settings.requestMs),
      });
      return { status: statusCode, headers, body: await body.text() };
    } catch (error) {
      throw unanswered(error, asked);
    }
  }

  #endpoint(token: Token, type: ServiceType): string {
    const { region, interface: face } = this.settings;
    const endpoints = token.catalog.filter((service) => service.type === type).flatMap(({ endpoints }) => endpoints);
    const found = endpoints.find((endpoint) => endpoint.interface === face && (region === undefined || endpoint.region_id === region));
    if (!found) {
      const place = region === undefined ? '' : ` in region ${JSON.stringify(region)}`;
      throw new CloudError('MISCONFIGURED', `the catalogue of the cloud has no ${face} endpoint of type ${type}${place}; see OS_REGION_NAME and OS_INTERFACE`);
    }
    const url = found.url.replace(/\/+$/, '');
    return VERSIONS[type].test(url) ? url : `${url}${VERSION_PATHS[type]}`;
  }
}

function tokenIn(body: string): Token | undefined {
  try {
    return tokenSchema.parse(JSON.parse(body)).token;
  } catch {
    return undefined;
  }
}

function loginRefusal(answer: Answer, asked: string): CloudError {
  const refusal = refusalOf(answer, asked);
  if (refusal.fault !== 'NOT_FOUND') return refusal;
  return new CloudError('MISCONFIGURED', `${asked}: nothing of Keystone answers at OS_AUTH_URL`);
}

function authOf(credentials: OpenStackCredentials): object {
  if (credentials.kind === 'application') {
    const { kind: _, ...application } = credentials;
    return { identity: { methods: ['application_credential'], application_credential: application } };
  }
  const { user, password, project } = credentials;
  return { identity: { methods: ['password'], password: { user: { ...user, password } } }, scope: { project: project satisfies KeystoneName } };
}

/** The promise's outcome, or the signal's reason when it aborts before. */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
