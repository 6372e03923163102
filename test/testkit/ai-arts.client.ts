import { expect } from 'vitest';
import type { Actor } from './actor.js';
import { tarGzOf } from './archive.js';
import { sendAs, type HttpAnswer } from './http.js';

export const API = '/ai_arts/api';

/** A refusal in the envelope of AIArts, with an id. */
export function expectRefused({ status, json, text, headers }: HttpAnswer, [wanted, code]: readonly [number, number], msg: RegExp): void {
  expect([status, json], text).toEqual([wanted, { code, msg: expect.stringMatching(msg), data: {} }]);
  expect(headers['x-request-id']).toMatch(/./);
}

type Bytes = string | Buffer<ArrayBuffer>;

/** A client of AIArts, as a user unless a call names another. */
export class AiArtsClient {
  constructor(readonly actor: Actor) {}

  call(method: string, path: string, body?: unknown, as = this.actor): Promise<HttpAnswer> {
    return sendAs(as, { method, path: API + path, body });
  }

  /** What a success holds. */
  async ask(method: string, path: string, body?: unknown, as = this.actor) {
    const { status, json, text, headers } = await this.call(method, path, body, as);
    expect([status, json?.code, json?.msg], `${method} ${path}: ${text}`).toEqual([200, 0, 'success']);
    expect(Object.keys(json)).toEqual(['code', 'msg', 'data']);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    return json.data;
  }

  async upload(path: string, bytes: Bytes, name: string, fields: Record<string, string> = {}, as = this.actor): Promise<HttpAnswer> {
    const form = new FormData();
    form.append('data', new Blob([bytes]), name);
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    const sent = new Response(form);
    return sendAs(as, { method: 'POST', path: API + path, headers: { 'content-type': sent.headers.get('content-type')! }, body: new Uint8Array(await sent.arrayBuffer()) });
  }

  /** The path that a good upload is given. */
  async uploaded(path: string, bytes: Bytes, name: string, fields: Record<string, string> = {}, as = this.actor): Promise<string> {
    const { json, text } = await this.upload(path, bytes, name, fields, as);
    expect(json?.code, text).toBe(0);
    return json.data.path as string;
  }

  /** A request as a client makes it that follows redirects. */
  fetch(path: string, { headers, ...more }: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    return fetch(this.actor.platform.legacyUrl + API + path, { ...more, headers: { authorization: `Bearer ${this.actor.credential}`, ...headers } });
  }

  /** A training of code whose first file is started. */
  async start(files: Readonly<Record<string, string>>, more: Record<string, unknown> = {}): Promise<string> {
    const codePath = await this.uploaded('/codes/upload', await tarGzOf(files), 'code.tar.gz');
    return this.ask('POST', '/trainings', { name: 'digits', engine: 'bash', codePath, startupFile: Object.keys(files)[0], ...more });
  }

  /** A training when it has ended. */
  async ended(id: string) {
    await expect.poll(async () => (await this.ask('GET', `/trainings/${id}`)).status, { timeout: 30_000 }).toMatch(/^(?:finished|failed|error|killed)$/);
    return this.ask('GET', `/trainings/${id}`);
  }
}
