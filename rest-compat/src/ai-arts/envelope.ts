import type { Envelope } from '../engine/contract.js';
import { statusOf } from './error-map.js';

/** `{code, msg, data}`: `code` is 0 and `msg` success, or the code says what failed, `msg` why, and `data` is `{}`. */
export const envelope: Envelope = {
  success: (data) => ({ status: 200, body: { code: 0, msg: 'success', data } }),
  failure: (_failure, code, msg) => ({ status: statusOf(code), body: { code, msg, data: {} } }),
};
