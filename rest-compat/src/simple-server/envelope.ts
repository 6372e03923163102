import type { Envelope } from '../engine/contract.js';

/** `{"data": …}` with HTTP 200; failures are `{"detail": "…"}` with their own HTTP status, a wrong login `{"data": ""}`. */
export const envelope: Envelope = {
  success: (data) => ({ status: 200, body: { data } }),
  failure({ code }, status, message) {
    if (code === 'WRONG_CREDENTIALS') return { status, body: { data: '' } };
    return { status, body: { detail: code === 'UNAUTHENTICATED' ? 'Invalid or expired token' : message } };
  },
};
