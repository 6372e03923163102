import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { CloudError } from '../driver.js';
import { KeystoneSession, type ServiceType, type Session } from './keystone.session.js';
import { refusalOf, unanswered, type Answer } from './openstack.faults.js';
import type { OpenStackSettings } from './openstack.settings.js';

/** One request to a service of the cloud. */
export interface CloudRequest {
  service: ServiceType;
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the service's endpoint, with its query. */
  path: string;
  content?: object;
  /** What it is for, as a message begins with it. */
  asked: string;
}

/** The version of Nova's API that is asked for, from 2018: the first with tags at creation is 2.52. */
const NOVA_VERSION = '2.60';
/** What only asks is asked again when it was not answered. */
const READ_PAUSES_MS = [150, 600];
const MOST_PAGES = 1_000;
/** What makes something is waited for so long after the caller gave up: else it might appear when all was released. */
const GRACE_MS = 10_000;

/** The HTTP connections to one cloud, logged in. */
export class OpenStackConnection {
  readonly #agent: Agent;
  readonly #keystone: KeystoneSession;

  constructor(private readonly settings: OpenStackSettings) {
    const { certificates, verifiesCertificates, connections, requestMs } = settings;
    this.#agent = new Agent({
      connections,
      headersTimeout: requestMs,
      bodyTimeout: requestMs,
      connect: { timeout: requestMs, rejectUnauthorized: verifiesCertificates, ...(certificates === undefined ? {} : { ca: certificates }) },
    });
    this.#keystone = new KeystoneSession(settings, this.#agent);
  }

  /** @throws as {@link KeystoneSession.session} */
  session(signal: AbortSignal): Promise<Session> {
    return this.#keystone.session(signal);
  }

  /** Asks for something; may be sent more than once. */
  async read<Schema extends z.ZodType>(service: ServiceType, path: string, schema: Schema, asked: string, signal: AbortSignal): Promise<z.infer<Schema>> {
    const answer = await this.#persistently({ service, method: 'GET', path, asked }, signal);
    return contentOf(answer, schema, asked);
  }

  /** Everything in the list that is at `key` of the answer, page by page. */
  async list<Schema extends z.ZodType>(service: ServiceType, path: string, key: string, item: Schema, asked: string, signal: AbortSignal): Promise<z.infer<Schema>[]> {
    const items: z.infer<Schema>[] = [];
    let next: string | undefined = path;
    for (let page = 0; next !== undefined && page < MOST_PAGES; page++) {
      const content: Record<string, unknown> = await this.read(service, next, z.record(z.string(), z.unknown()), asked, signal);
      items.push(...parsed(z.array(item), content[key], asked));
      next = nextPage(content, key, path);
    }
    return items;
  }

  /** Makes something, sent once: with UNREACHABLE or FAILED it may have been made. When the signal aborts its answer is still awaited for a while. */
  async make<Schema extends z.ZodType>(asking: CloudRequest, schema: Schema, signal: AbortSignal): Promise<z.infer<Schema>> {
    signal.throwIfAborted();
    const patience = new AbortController();
    const giveUpLater = () => void delay(GRACE_MS, undefined, { ref: false }).then(() => patience.abort(signal.reason));
    signal.addEventListener('abort', giveUpLater, { once: true });
    try {
      const answer = await this.#authorized(asking, patience.signal);
      signal.throwIfAborted();
      return contentOf(answer, schema, asking.asked);
    } finally {
      signal.removeEventListener('abort', giveUpLater);
    }
  }

  /** Asks for something to happen to what is there. */
  async act(asking: CloudRequest, signal: AbortSignal): Promise<void> {
    const answer = await (asking.method === 'DELETE' ? this.#persistently(asking, signal) : this.#authorized(asking, signal));
    if (answer.status >= 300) throw refusalOf(answer, asking.asked);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #persistently(asking: CloudRequest, signal: AbortSignal): Promise<Answer> {
    for (const pause of READ_PAUSES_MS) {
      try {
        const answer = await this.#authorized(asking, signal);
        if (![500, 502, 504].includes(answer.status)) return answer;
      } catch (error) {
        if (!(error instanceof CloudError) || error.fault !== 'UNREACHABLE') throw error;
      }
      await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    return this.#authorized(asking, signal);
  }

  /** With a new token once, when the one that we have is not taken any more. */
  async #authorized(asking: CloudRequest, signal: AbortSignal): Promise<Answer> {
    const session = await this.session(signal);
    const answer = await this.#send(asking, session, signal);
    if (answer.status !== 401) return answer;
    this.#keystone.discard(session);
    return this.#send(asking, await this.session(signal), signal);
  }

  async #send({ service, method, path, content, asked }: CloudRequest, session: Session, signal: AbortSignal): Promise<Answer> {
    const url = `${session.endpoint(service)}${path}`;
    const deadline = AbortSignal.timeout(this.settings.requestMs);
    try {
      const { statusCode, headers, body } = await request(url, {
        method,
        headers: {
          accept: 'application/json',
          'x-auth-token': session.token,
          ...(service === 'compute' ? { 'openstack-api-version': `compute ${NOVA_VERSION}` } : {}),
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: content === undefined ? null : JSON.stringify(content),
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, deadline]),
      });
      return { status: statusCode, headers, body: await body.text() };
    } catch (error) {
      signal.throwIfAborted();
      throw unanswered(error, asked);
    }
  }
}

function contentOf<Schema extends z.ZodType>(answer: Answer, schema: Schema, asked: string): z.infer<Schema> {
  if (answer.status >= 300) throw refusalOf(answer, asked);
  let content: unknown;
  try {
    content = JSON.parse(answer.body);
  } catch (error) {
    throw new CloudError('UNREACHABLE', `${asked}: the answer is not JSON; is something else in front of the cloud?`, { cause: error });
  }
  return parsed(schema, content, asked);
}

function parsed<Schema extends z.ZodType>(schema: Schema, content: unknown, asked: string): z.infer<Schema> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CloudError('UNREACHABLE', `${asked}: the answer cannot be understood: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Nova and Neutron link to the next page beside the items, Glance in `next`; each in its own way of writing our path. */
function nextPage(content: Record<string, unknown>, key: string, path: string): string | undefined {
  const links = (content[`${key}_links`] ?? []) as { rel: string; href: string }[];
  const href = typeof content.next === 'string' ? content.next : links.find(({ rel }) => rel === 'next')?.href;
  return href === undefined ? undefined : `${path.split('?')[0]}${new URL(href, 'http://cloud').search}`;
}
