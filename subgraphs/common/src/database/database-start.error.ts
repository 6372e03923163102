/** Why the embedded database could not be started; each value is one situation that a person can do something about. */
export type DatabaseStartFault =
  | 'ALREADY_RUNNING'
  | 'BINARIES_MISSING'
  | 'ACCOUNT_MISSING'
  | 'FOLDER_UNUSABLE'
  | 'CREATE_FAILED'
  | 'SERVER_FAILED'
  | 'ABORTED';

/**
 * The embedded database cannot be started. Its message is one sentence for the terminal that names the folder or
 * program at fault and what to do; no stack trace need be shown with it. It never reaches a GraphQL caller, since
 * nothing is served before the database is there.
 */
export class DatabaseStartError extends Error {
  override readonly name = 'DatabaseStartError';

  constructor(
    /** Which situation it is, for programs. */
    readonly fault: DatabaseStartFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
