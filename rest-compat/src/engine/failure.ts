import type { ErrorCode } from '@hutong/schema';
import type { Path } from './field.name.js';

/** Failures that are found before the graph is asked. */
export type RequestCode =
  | 'PATH_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'COMMAND_UNKNOWN'
  | 'CREDENTIAL_MISSING'
  | 'CREDENTIALS_DIFFER'
  | 'FOREIGN_PAGE'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'BODY_TOO_LARGE'
  | 'FILE_MISSING';

/** Every code that a contract's error map has a number for. */
export type FailureCode = ErrorCode | RequestCode;

/** One thing that is wrong with the request. */
export interface Problem {
  /** Where in the caller's own input; absent or empty when it is about the whole of it. */
  path?: Path;
  /** What is wrong there, without the path: `expected an integer ≥ 0, got "x"`. */
  message: string;
  /** Nothing was sent where something is required. */
  missing?: boolean;
}

export interface FailureDetails {
  /** More problems than are listed. */
  unlisted?: number;
  retryAfterSeconds?: number;
  /** The methods that the path does have. */
  allow?: readonly string[];
}

/** The most problems a failure lists; the rest is counted or left out. */
export const LISTED_PROBLEMS = 20;

/** A refusal that the caller is told of, in the envelope of the contract that owns the path. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly code: FailureCode,
    readonly problems: readonly Problem[],
    readonly details: FailureDetails = {},
  ) {
    super(problems.map((problem) => problem.message).join('; '));
  }
}

/** A failure with a single sentence. */
export function failure(code: FailureCode, message: string, details?: FailureDetails): Failure {
  return new Failure(code, [{ message }], details);
}
