/**
 * The condition that a reservation `v` takes from what a state measured at `observedAt` says is available: until its
 * allocation came about no report can know of it, afterwards those that were measured later do.
 */
export const countsAgainst = (observedAt: string): string => `v.released_at is null and (v.allocated_at is null or v.allocated_at >= ${observedAt})`;
