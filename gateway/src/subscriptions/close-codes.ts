import { HutongError } from '@hutong/common';

/** Why a WebSocket is closed: the codes of graphql-transport-ws, and those of WebSocket itself that tell a client to come back. */
export const closeCodes = {
  /** The server stops: connect again and subscribe with `after`. */
  goingAway: 1001,
  /** Nothing is wrong with the client: connect again, and subscribe with `after`. */
  tryAgainLater: 1013,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  internalError: 4500,
} as const;

/** A reason may have at most 123 bytes; ours are plain text. */
const LONGEST_REASON = 120;

export interface Closing {
  code: number;
  reason: string;
}

/** How a connection is closed whose client was told no more than this failure. */
export function closingOf(failure: unknown): Closing {
  if (!(failure instanceof HutongError)) return { code: closeCodes.internalError, reason: 'Internal server error' };
  const reason = `${failure.code}: ${failure.message}`.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_REASON);
  if (failure.code === 'BAD_INPUT' || failure.code === 'LIMIT_EXCEEDED') return { code: closeCodes.badRequest, reason };
  if (failure.code === 'UNAUTHENTICATED' || failure.code === 'CSRF_TOKEN_WRONG' || failure.code === 'FORBIDDEN') return { code: closeCodes.forbidden, reason };
  return { code: closeCodes.tryAgainLater, reason };
}
