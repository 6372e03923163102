import { z } from 'zod';
import type { Envelope } from '../engine/contract.js';
import { RET_CODES, type RetCode } from './error-map.js';

const { SUCCESS, INVALID_COMMAND, INVALID_VM_ID, CLOUD_CONFIG, UNAUTHORIZED } = RET_CODES;

/** What each code is called; 8 has the cloud's own words alone. */
const DESCRIPTIONS: Readonly<Record<Exclude<RetCode, typeof CLOUD_CONFIG>, string>> = {
  [SUCCESS]: 'Success',
  [INVALID_COMMAND]: 'Invalid command',
  [RET_CODES.ARGUMENT_MISSING]: 'Argument missing',
  [RET_CODES.INVALID_IMAGE]: 'Invalid image name',
  [RET_CODES.INVALID_FLAVOR]: 'Invalid flavor name',
  [RET_CODES.INVALID_INTERNET]: 'Invalid internet access setting',
  [INVALID_VM_ID]: 'Invalid virtual machine id',
  [RET_CODES.CREATION_FAILED]: 'Virtual machine creation failed',
  [UNAUTHORIZED]: 'Authentication required',
};

/** Their whole description is fixed; the others go on with what was wrong. */
const WITHOUT_DETAIL: ReadonlySet<RetCode> = new Set([INVALID_COMMAND, INVALID_VM_ID, UNAUTHORIZED]);

/** `{ret_code, description, …}` with HTTP 200; 401 when nobody knows who asks, 405 for another method than POST. */
export const envelope: Envelope = {
  success: (result) => ({ status: 200, body: { ret_code: SUCCESS, description: DESCRIPTIONS[SUCCESS], ...(result as object) } }),
  failure: ({ code }, number, message) => {
    const retCode = number as RetCode;
    const status = retCode === UNAUTHORIZED ? 401 : code === 'METHOD_NOT_ALLOWED' ? 405 : 200;
    return { status, body: { ret_code: retCode, description: described(retCode, message) } };
  },
  shapes: {
    success: (result) => z.object({ ret_code: z.literal(SUCCESS), description: z.literal(DESCRIPTIONS[SUCCESS]), ...(result as z.ZodObject).shape }),
    failure: (_codes, retCode) => z.object({ ret_code: retCode, description: z.string().meta({ en: 'What the code means, with what is wrong behind it.', zh: '返回码的含义及错误详情' }) }),
  },
};

function described(retCode: RetCode, message: string): string {
  if (retCode === CLOUD_CONFIG) return message;
  return WITHOUT_DETAIL.has(retCode) ? DESCRIPTIONS[retCode] : `${DESCRIPTIONS[retCode]}: ${message}`;
}
