import type { Contract } from '../engine/contract.js';
import type { Bilingual } from '../engine/language.js';

const CREDENTIAL: Bilingual = { en: 'A ticket of `POST /api/ticket`, or an API token.', zh: '`POST /api/ticket` 返回的 ticket，或 API token' };

/** The three headers that may carry a credential; each is good for every contract. */
export const securitySchemes = {
  token: { type: 'apiKey', in: 'header', name: 'token', description: CREDENTIAL },
  ticket: { type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: CREDENTIAL },
  bearer: { type: 'http', scheme: 'bearer', description: CREDENTIAL },
} as const;

/** Any of them, the contract's own first; nothing in a header where a form or an address may say who asks. */
export function security({ guide, forms, trustsNetworks }: Contract): Record<string, string[]>[] {
  const names = [guide.credential, ...Object.keys(securitySchemes).filter((name) => name !== guide.credential)];
  return [...names.map((name) => ({ [name]: [] })), ...(forms || trustsNetworks ? [{}] : [])];
}
