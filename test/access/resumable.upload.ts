import type { Actor } from '../testkit/actor.js';
import { sendAs } from '../testkit/http.js';

export const TUS = { 'tus-resumable': '1.0.0' };

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Those of a request that begins an upload of four bytes. */
export const UPLOAD_HEADERS = { ...TUS, 'upload-length': '4', 'upload-metadata': `filename ${base64('a.txt')},purpose ${base64('DATASET')}` };

/** Begins a resumable upload, and answers its id. */
export async function beginUpload(actor: Actor): Promise<string> {
  const { status, headers, text } = await sendAs(actor, { method: 'POST', path: '/ai_arts/uploads', headers: UPLOAD_HEADERS });
  if (status !== 201) throw new Error(`the upload was not begun: ${status} ${text}`);
  return String(headers.location).split('/').at(-1)!;
}
