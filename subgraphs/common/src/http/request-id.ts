import { randomUUID } from 'node:crypto';

/** The header that a request tells its id in, from process to process, and its answer. */
export const REQUEST_ID = 'x-request-id';

const SOUND = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** The id that a request says it has, a new one where that is none. */
export const soundRequestId = (given: unknown): string => (typeof given === 'string' && SOUND.test(given) ? given : randomUUID());
