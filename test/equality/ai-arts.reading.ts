import type { Actor } from '../testkit/actor.js';
import type { HttpAnswer } from '../testkit/http.js';
import { sendAs } from '../testkit/http.js';
import { API } from '../testkit/ai-arts.client.js';
import type { Numbers, Outcome } from './twin.js';

// What all parts of AIArts have in common: envelope, numbers, lists, and how its page writes what the graph has no value for.

/** Codes of the page's table. */
export const CODES: Numbers = {
  BAD_INPUT: 20001, LIMIT_EXCEEDED: 20001, UNAUTHENTICATED: 20002, FORBIDDEN: 30801, NOT_YOURS: 30801,
  NOT_FOUND: 10001, JOB_NOT_FOUND: 10001, DATASET_NOT_FOUND: 10001, MODEL_NOT_FOUND: 10001, IMAGE_NOT_FOUND: 10001,
  FILE_TYPE_REFUSED: 30001, STORE_FULL: 30002, ARCHIVE_BROKEN: 30003, PATH_MISSING: 30005, FILES_TOO_LARGE: 30006, PATH_INVALID: 30007, DATASET_IN_USE: 30010, NAME_TAKEN: 30012,
  CODE_PATH_INVALID: 30201, TRAINING_TYPE_INVALID: 30203, JOB_START_FAILED: 30204, ENGINE_REFUSED: 30204, MODEL_NOT_SERVABLE: 30204,
  MODEL_IN_USE: 30000, JOB_STATE_CONFLICT: 30000, SERVICE_NOT_RUNNING: 30000, JOB_QUOTA_EXCEEDED: 30000,
  ENGINE_NOT_CONFIGURED: 40000, ENGINE_UNAVAILABLE: 40000, NOTEBOOK_UNAVAILABLE: 40000, LABEL_SERVER_NOT_CONFIGURED: 40000, LABEL_SERVER_UNAVAILABLE: 40000,
};

const STATUSES: Readonly<Record<number, number>> = { 0: 200, 20002: 401, 30801: 403, 10001: 404, 10003: 500, 40000: 502 };

/** What `{code, msg, data}` says; its HTTP status must be that of the page. */
export function read({ status, json, text }: HttpAnswer): Outcome {
  const { code, msg, data } = (json ?? {}) as { code?: number; msg?: string; data?: unknown };
  if (code === undefined || status !== (STATUSES[code] ?? 400) || (code === 0) !== (msg === 'success')) throw new Error(`no answer of AIArts: HTTP ${status} ${text}`);
  return code === 0 ? { data } : { refused: code };
}

/** A request with a JSON body, or none. */
export const ofContract = async (actor: Actor, method: string, path: string, body?: unknown): Promise<Outcome> => read(await sendAs(actor, { method, path: API + path, body }));

/** A form with at most one file. */
export async function formOfContract(actor: Actor, path: string, fields: Readonly<Record<string, string | File | undefined>>): Promise<Outcome> {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) form.append(key, value);
  const sent = new Response(form);
  return read(await sendAs(actor, { method: 'POST', path: API + path, headers: { 'content-type': sent.headers.get('content-type')! }, body: new Uint8Array(await sent.arrayBuffer()) }));
}

/** Page and order of a list, and what it is limited to, in the page's words. */
export interface ListQuestion {
  pageNum?: number | undefined;
  pageSize?: number | undefined;
  orderBy?: string | undefined;
  order?: string | undefined;
  status?: string | undefined;
  searchWord?: string | undefined;
  name?: string | undefined;
  use?: string | undefined;
  isPrivate?: boolean | undefined;
}

export const queryOf = (question: ListQuestion): string =>
  new URLSearchParams(Object.entries(question).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as [string, string]]))).toString();

/** Page and order as arguments of the graph. A name that is none is passed on, to be refused. */
export const orderOf = ({ orderBy, order }: ListQuestion, orders: Readonly<Record<string, string>>): Record<string, unknown> => ({
  orderBy: orderBy === undefined ? undefined : (orders[orderBy] ?? orderBy),
  direction: order === undefined ? undefined : ({ asc: 'ASCENDING', desc: 'DESCENDING' }[order] ?? order),
});

/** `total` and `totalPage`, which is rounded up. */
export const totals = (total: number, { pageSize = 10 }: ListQuestion): { total: number; totalPage: number } => ({ total, totalPage: Math.ceil(total / pageSize) });

/** A moment in milliseconds since the epoch; 0 when it has not come. */
export const milliseconds = (time: string | null): number => (time === null ? 0 : new Date(time).getTime());

/** Bytes as they come from where somebody is led, or the refusal. */
export async function download(url: string, headers: Record<string, string>): Promise<Outcome> {
  const answer = await fetch(url, { headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.status === 200) return { data: { name: answer.headers.get('content-disposition'), type: answer.headers.get('content-type'), bytes: bytes.toString('base64') } };
  return read({ status: answer.status, text: bytes.toString(), json: JSON.parse(bytes.toString()) as unknown, headers: {} });
}
