import type { Rates } from '../load/measurement.js';
import { median } from './statistics.js';

/** Of each round, how many times the one is the other. */
export const ratios = (one: readonly number[], other: readonly number[]): number[] => one.map((value, round) => value / other[round]!);

/** How each gateway did, for a reader: the median first. */
export function shown(rates: Readonly<Record<string, Rates>>): Record<string, unknown> {
  const each = (pick: (rates: Rates) => number[]) => Object.fromEntries(Object.entries(rates).map(([name, of]) => [name, { median: median(pick(of)), rounds: pick(of) }]));
  return { cpuMicrosOfRequest: each(({ cpuMicros }) => cpuMicros), requestsPerSecond: each(({ requestsPerSecond }) => requestsPerSecond) };
}
