/** What the driver's pool says when no connection became free in time, and when a new one could not be made in time. */
const WAITED_TOO_LONG = /^(?:timeout exceeded when trying to connect|Connection terminated due to connection timeout)$/;

/** Whether work failed because the database had no connection for it in time; nothing was asked of the database then. */
export const isConnectionTimeout = (error: unknown): boolean => error instanceof Error && WAITED_TOO_LONG.test(error.message);
