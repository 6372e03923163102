/** Tells the time; a test may bring its own. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
