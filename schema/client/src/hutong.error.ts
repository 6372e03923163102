import type { ErrorCode } from './graph.types.js';

/**
 * What this client finds itself: `UNREACHABLE` (nothing answers, or a proxy says that nothing does), `NO_ANSWER_IN_TIME`,
 * `CONNECTION_LOST` (a subscription broke off and could not be resumed), `NOT_A_PLATFORM` (something else answers there).
 */
export type ClientErrorCode = 'UNREACHABLE' | 'NO_ANSWER_IN_TIME' | 'CONNECTION_LOST' | 'NOT_A_PLATFORM';

/** A failure as the graph tells it. */
export interface GraphError {
  message: string;
  path?: (string | number)[];
  extensions?: Record<string, unknown> & { code?: ErrorCode; field?: string; requestId?: string };
}

interface Details {
  status?: number;
  requestId?: string;
  errors?: readonly GraphError[];
  data?: unknown;
  cause?: unknown;
}

/** An operation that failed, with the code to decide by; all codes and their remedies are in the reference of errors. */
export class HutongError extends Error {
  override readonly name = 'HutongError';
  readonly code: ErrorCode | ClientErrorCode;
  /** The place in the variables that is at fault, such as `input.name`. */
  readonly field: string | undefined;
  /** What an operator finds the request by in the logs. */
  readonly requestId: string | undefined;
  /** Status of HTTP; undefined where there was no answer. */
  readonly status: number | undefined;
  /** Every failure of the operation; the others of this error are of the first one. */
  readonly errors: readonly GraphError[];
  /** What was answered all the same: fields that failed are null. */
  readonly data: unknown;

  constructor(code: ErrorCode | ClientErrorCode, message: string, { status, requestId, errors = [], data, cause }: Details = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.errors = errors;
    this.data = data;
    this.field = errors[0]?.extensions?.field;
    this.requestId = errors[0]?.extensions?.requestId ?? requestId;
  }

  /** The failure of an operation whose answer tells of errors. */
  static of(errors: readonly GraphError[], details: Omit<Details, 'errors'>): HutongError {
    const [first] = errors;
    return new HutongError(first?.extensions?.code ?? 'INTERNAL_SERVER_ERROR', first?.message ?? 'The operation failed without a reason.', { ...details, errors });
  }

  /** Whether the same may succeed in a moment, with nothing changed. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }
}

const PASSING: ReadonlySet<string> = new Set<ErrorCode | ClientErrorCode>(['UNREACHABLE', 'CONNECTION_LOST', 'SUBGRAPH_UNAVAILABLE', 'SUBSCRIBER_TOO_SLOW']);
