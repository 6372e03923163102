import type { Envelope } from '../engine/contract.js';

/** `{code, message, data}`, always with HTTP 200: `code` is 0 or says what failed, `data` is `{}` then. */
export const envelope: Envelope = {
  success: (data) => ({ status: 200, body: { code: 0, message: 'ok', data } }),
  failure: (_failure, code, message) => ({ status: 200, body: { code, message, data: {} } }),
};
