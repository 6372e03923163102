import { answerOf, type Answer } from './answer.js';
import type { Contract, Route } from './contract.js';
import { Failure, failure, LISTED_PROBLEMS } from './failure.js';
import { fieldName } from './field.name.js';
import type { Log } from './settings.js';

/** Where a failure happened, as far as it got. */
export interface FailedRequest {
  contract: Contract;
  row?: Route;
  /** The parsed body or query. */
  input?: unknown;
  requestId: string;
}

const MASKED = 'Internal Server Error';

/** Puts a failure into its contract's envelope; whatever is not a Failure is logged and masked. */
export function failureAnswer(error: unknown, request: FailedRequest, log: Log): Answer {
  const { contract, requestId, row } = request;
  if (!(error instanceof Failure)) {
    log.error({ requestId, contract: contract.name, path: row?.path, err: error }, 'a legacy request failed unexpectedly');
    return failureAnswer(failure('INTERNAL_SERVER_ERROR', MASKED), request, log);
  }
  const { allow, retryAfterSeconds } = error.details;
  const reply = contract.envelope.failure(error, contract.errors[error.code], wording(error, request));
  return answerOf(reply, {
    ...(allow ? { allow: allow.join(', ') } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
}

/** All problems as one text: `computing_ids[0]: …; computing_ids[7]: …; and 3 more`. */
function wording({ code, problems, details }: Failure, { row, input }: FailedRequest): string {
  const own = row && 'operation' in row ? row.wording : undefined;
  const texts = problems.slice(0, LISTED_PROBLEMS).map((problem) =>
    own?.(code, problem, input) ?? (problem.path === undefined ? problem.message : `${fieldName(problem.path)}: ${problem.message}`));
  const unlisted = problems.length - texts.length + (details.unlisted ?? 0);
  return [...new Set(texts), ...(unlisted > 0 ? [`and ${unlisted} more`] : [])].join('; ');
}
