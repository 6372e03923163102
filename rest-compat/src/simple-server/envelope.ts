import { z } from 'zod';
import type { Envelope } from '../engine/contract.js';

/** `{"data": …}` with HTTP 200; failures are `{"detail": "…"}` with their own HTTP status, a wrong login `{"data": ""}`. */
export const envelope: Envelope = {
  success: (data) => ({ status: 200, body: { data } }),
  failure({ code }, status, message) {
    if (code === 'WRONG_CREDENTIALS') return { status, body: { data: '' } };
    return { status, body: { detail: code === 'UNAUTHENTICATED' ? 'Invalid or expired token' : message } };
  },
  shapes: {
    success: (data) => z.object({ data }),
    failure(codes) {
      const detail = z.string().meta({ en: 'What is wrong, and where.', zh: '错误信息' });
      const wrongLogin = z.object({ data: z.literal('').meta({ en: 'Empty: the username or the password is wrong.', zh: '为空：用户名或密码错误' }) });
      return codes.every((code) => code === 'WRONG_CREDENTIALS') ? wrongLogin : z.object({ detail });
    },
  },
};
