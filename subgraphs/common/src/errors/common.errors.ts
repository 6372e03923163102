import { limitsHit } from '../telemetry/activities.js';
import { defineError } from './define-error.js';

export const unauthenticated = defineError<{ reason?: string }>({
  code: 'UNAUTHENTICATED',
  status: 401,
  summary: 'The request carries no credential, or one that is unknown, expired or revoked.',
  remedy: 'Log in with `logIn` (or `POST /api/ticket`) and send the ticket as `Authorization: Bearer <ticket>`.',
  message: ({ reason }) => reason ?? 'This needs a credential: send a ticket or an API token as "Authorization: Bearer …".',
});

export const forbidden = defineError<{ reason: string }>({
  code: 'FORBIDDEN',
  status: 403,
  summary: 'The credential is good, but it may not do this.',
  remedy: 'Use a credential whose user has the role, organization or scope that the message names.',
  message: ({ reason }) => reason,
});

export const badInput = defineError<{ problem: string }>({
  code: 'BAD_INPUT',
  status: 400,
  summary: 'A value in the input is missing, of the wrong type or out of range; `extensions.field` names it.',
  remedy: 'Correct the named field and send the request again; nothing was stored.',
  message: ({ field, problem }: { field?: string; problem: string }) => (field === undefined ? problem : `${field}: ${problem}`),
});

export const notFound = defineError<{ what: string }>({
  code: 'NOT_FOUND',
  status: 404,
  summary: 'The named thing does not exist, or is not visible to the caller.',
  remedy: 'Check the id; list what you can see with the matching plural query.',
  message: ({ what }) => `${what} not found`,
});

export const conflict = defineError<{ reason: string }>({
  code: 'CONFLICT',
  status: 409,
  summary: 'The thing is in a state that does not allow this.',
  remedy: 'Read its present state and decide again.',
  message: ({ reason }) => reason,
});

const overLimit = defineError<{ limit: string; allowed: string; got?: string }>({
  code: 'LIMIT_EXCEEDED',
  status: 413,
  summary: 'The request is larger, deeper or costlier than a limit allows; the message names the limit.',
  remedy: 'Ask for less at once: smaller pages, fewer fields, smaller bodies.',
  message: ({ limit, allowed, got }) => `${limit}: at most ${allowed} allowed${got === undefined ? '' : `, got ${got}`}`,
});

/** Refuses what is over a limit, which is counted by the limit's name. */
export const limitExceeded: typeof overLimit = Object.assign(
  (details: Parameters<typeof overLimit>[0]) => {
    limitsHit.tell(details);
    return overLimit(details);
  },
  { definition: overLimit.definition },
);

export const timedOut = defineError<{ what: string; seconds: number }>({
  code: 'TIMEOUT',
  status: 504,
  summary: 'The work took longer than its time limit and was given up.',
  remedy: 'Try again; ask for less at once when it happens again.',
  message: ({ what, seconds }) => `${what} did not finish within ${seconds} s`,
});

export const subgraphUnavailable = defineError<{ subgraph: string; seconds?: number }>({
  code: 'SUBGRAPH_UNAVAILABLE',
  status: 503,
  summary: 'The subgraph that owns the field does not answer at present.',
  remedy: 'Try again in a moment; `/readyz` tells which part is down.',
  message: ({ subgraph, seconds }) =>
    seconds === undefined ? `The subgraph ${subgraph} is not available at present` : `The subgraph ${subgraph} did not answer within ${seconds} s`,
});

export const eventExpired = defineError<{ keptDays: number }>({
  code: 'EVENT_EXPIRED',
  status: 410,
  summary: 'The event named by `after` is older than events are kept.',
  remedy: 'Read the present state with a query and subscribe again without `after`.',
  message: ({ keptDays }) => `after: this event is older than the ${keptDays} days that events are kept`,
});

export const internalError = defineError<{ requestId: string }>({
  code: 'INTERNAL_SERVER_ERROR',
  status: 500,
  summary: 'Something failed that should not; the details are in the log only.',
  remedy: 'Tell the operator the request id.',
  message: ({ requestId }) => `Internal error; quote request id ${requestId} when you report it`,
});
