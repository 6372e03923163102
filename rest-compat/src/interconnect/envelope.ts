import { z } from 'zod';
import type { Envelope } from '../engine/contract.js';

/** `{code, message, data}`, always with HTTP 200: `code` is 0 or says what failed, `data` is `{}` then. */
export const envelope: Envelope = {
  success: (data) => ({ status: 200, body: { code: 0, message: 'ok', data } }),
  failure: (_failure, code, message) => ({ status: 200, body: { code, message, data: {} } }),
  shapes: {
    success: (data) => z.object({ code: z.literal(0), message: z.literal('ok'), data }),
    failure: (_codes, code) =>
      z.object({
        code,
        message: z.string().meta({ en: 'What is wrong, and where: the field and what was expected there.', zh: '错误信息：哪个字段、应为何值' }),
        data: z.object({}).meta({ en: 'Empty.', zh: '空对象' }),
      }),
  },
};
