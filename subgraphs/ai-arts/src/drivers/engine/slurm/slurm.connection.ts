import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { EngineError } from '../engine.js';
import { refusalOf, SlurmError, unanswered, type Answer } from './slurm.faults.js';
import type { SlurmSettings } from './slurm.settings.js';
import { SlurmToken } from './slurm.token.js';
import { API_VERSIONS, chosenApi, type RestApi } from './slurm.version.js';

/** One request to slurmrestd. */
export interface SlurmRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** The part of Slurm that answers: its controller, or the accounting database. */
  part?: 'slurm' | 'slurmdb';
  /** Below the version, with its query. */
  path: string;
  content?: object;
  /** What it is for, as a message begins with it. */
  asked: string;
}

/** What only asks is asked again when it was not answered. */
const READ_PAUSES_MS = [200];

/** The HTTP connections to one slurmrestd. */
export class SlurmConnection {
  readonly #agent: Agent;
  readonly #token: SlurmToken;
  readonly #origin: string;
  #api: RestApi | undefined;
  #search: Promise<RestApi> | undefined;

  constructor(private readonly settings: SlurmSettings) {
    const { url, connections, requestMs } = settings;
    const socketPath = url.startsWith('unix:') ? url.slice('unix:'.length) : undefined;
    this.#origin = socketPath === undefined ? url : 'http://localhost';
    this.#agent = new Agent({ connections, headersTimeout: requestMs, bodyTimeout: requestMs, connect: { timeout: requestMs, ...(socketPath === undefined ? {} : { socketPath }) } });
    this.#token = new SlurmToken(settings);
  }

  /**
   * The version that is spoken with this server, asked for once.
   *
   * @throws MISCONFIGURED when there is none that both know, and the faults of every call
   */
  async api(signal: AbortSignal): Promise<RestApi> {
    if (this.#api) return this.#api;
    this.#search ??= this.#findApi().finally(() => (this.#search = undefined));
    // It is everybody's, so one who gives up does not end it for the others.
    return (this.#api = await unlessAborted(this.#search, signal));
  }

  /** Asks for something; may be sent more than once. */
  async read<Schema extends z.ZodType>(path: string, schema: Schema, asked: string, signal: AbortSignal, part: 'slurm' | 'slurmdb' = 'slurm'): Promise<z.infer<Schema>> {
    for (const pause of READ_PAUSES_MS) {
      try {
        return await this.#answer({ method: 'GET', path, asked, part }, schema, signal);
      } catch (error) {
        if (!(error instanceof EngineError) || error.fault !== 'UNREACHABLE') throw error;
        await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
    return this.#answer({ method: 'GET', path, asked, part }, schema, signal);
  }

  /** Asks for something to happen, sent once: with UNREACHABLE or FAILED it may have happened. */
  act<Schema extends z.ZodType>(asking: SlurmRequest, schema: Schema, signal: AbortSignal): Promise<z.infer<Schema>> {
    return this.#answer(asking, schema, signal);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #answer<Schema extends z.ZodType>(asking: SlurmRequest, schema: Schema, signal: AbortSignal): Promise<z.infer<Schema>> {
    const { version } = await this.api(signal);
    const token = await unlessAborted(this.#token.value(), signal);
    let answer = await this.#send(asking, version, token, signal);
    // It was not heard at all, so it may be sent again.
    if (answer.status === 401 && this.#token.discard(token)) answer = await this.#send(asking, version, await unlessAborted(this.#token.value(), signal), signal);
    if (answer.status >= 300) throw this.#refusal(answer, asking, token);
    return contentOf(answer, schema, asking.asked);
  }

  #refusal(answer: Answer, { asked }: SlurmRequest, token: string | undefined): SlurmError {
    const refusal = refusalOf(answer, asked);
    // What slurmctld does not take it does not say so.
    if (refusal.fault === 'UNREACHABLE') this.#token.discard(token);
    // Another Slurm, which speaks other versions, has come to this address.
    if (answer.status === 404 && refusal.number === undefined) this.#api = undefined;
    return refusal;
  }

  async #findApi(): Promise<RestApi> {
    const asked = 'asking slurmrestd for its versions';
    const answer = await this.#exchange('GET', '/openapi/v3', undefined, await this.#token.value(), asked, AbortSignal.timeout(this.settings.requestMs));
    if (answer.status === 404) throw new EngineError('MISCONFIGURED', `${asked}: what answers at ENGINE_SLURM_URL is not slurmrestd`);
    if (answer.status >= 300) throw refusalOf(answer, asked);
    const { paths } = contentOf(answer, z.object({ paths: z.record(z.string(), z.unknown()) }), asked);
    const api = chosenApi(Object.keys(paths), this.settings.apiVersion);
    if (api) return api;
    const wanted = this.settings.apiVersion === undefined ? `from v0.0.${API_VERSIONS.oldest} to v0.0.${API_VERSIONS.newest}` : `v0.0.${this.settings.apiVersion} of ENGINE_SLURM_API_VERSION`;
    throw new EngineError('MISCONFIGURED', `slurmrestd has no version ${wanted}; see its option -s`);
  }

  #send({ method, part = 'slurm', path, content, asked }: SlurmRequest, version: number, token: string | undefined, signal: AbortSignal): Promise<Answer> {
    return this.#exchange(method, `/${part}/v0.0.${version}${path}`, content, token, asked, signal);
  }

  async #exchange(method: SlurmRequest['method'], path: string, content: object | undefined, token: string | undefined, asked: string, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    try {
      const { statusCode, body } = await request(`${this.#origin}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          'x-slurm-user-name': this.settings.user,
          ...(token === undefined ? {} : { 'x-slurm-user-token': token }),
          ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: content === undefined ? null : JSON.stringify(content),
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.settings.requestMs)]),
      });
      return { status: statusCode, body: await body.text() };
    } catch (error) {
      signal.throwIfAborted();
      throw unanswered(error, asked);
    }
  }
}

function contentOf<Schema extends z.ZodType>({ body }: Answer, schema: Schema, asked: string): z.infer<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch (error) {
    throw new SlurmError('UNREACHABLE', `${asked}: the answer is not JSON; is something else in front of slurmrestd?`, undefined, { cause: error });
  }
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SlurmError('UNREACHABLE', `${asked}: the answer cannot be understood: ${issue?.path.join('.')}: ${issue?.message}`, undefined);
}

/** The promise's outcome, or the signal's reason when it aborts before. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
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
