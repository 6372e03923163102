/** The variable that holds the worker's token: not an argument, as everybody on the machine sees those. */
export const TOKEN_VARIABLE = 'HUTONG_WORKER_TOKEN';

/** What whoever asks the worker must bring. Undefined or empty: it was not given. */
export const readToken = (): string | undefined => process.env[TOKEN_VARIABLE];
