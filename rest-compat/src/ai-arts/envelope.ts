import { z } from 'zod';
import type { Envelope } from '../engine/contract.js';
import { statusOf } from './error-map.js';

/** `{code, msg, data}`: `code` is 0 and `msg` success, or the code says what failed, `msg` why, and `data` is `{}`. */
export const envelope: Envelope = {
  success: (data) => ({ status: 200, body: { code: 0, msg: 'success', data } }),
  failure: (_failure, code, msg) => ({ status: statusOf(code), body: { code, msg, data: {} } }),
  shapes: {
    success: (data) => z.object({ code: z.literal(0), msg: z.literal('success'), data }),
    failure: (_codes, code) =>
      z.object({
        code,
        msg: z.string().meta({ en: 'What is wrong, and where: the field and what was expected there.', zh: '错误信息：哪个字段、应为何值' }),
        data: z.object({}).meta({ en: 'Empty.', zh: '空对象' }),
      }),
  },
};
