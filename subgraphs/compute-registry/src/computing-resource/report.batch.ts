import { hash } from 'node:crypto';
import { plainArray, textArray } from '../database/array-literal.js';
import { addressesOf } from './report.validation.js';
import type { ComputingResourceReportInput } from './report.types.js';

/** A report that passed every check, with the rows it refers to. */
export interface ResolvedReport {
  input: ComputingResourceReportInput;
  identifierId: number;
  gpuModelId: number;
  groupId: number;
  /** Stands for the set of addresses in the resource's key. */
  addressKey: string;
}

/** The reports of a batch by resource: the last of each is its state, those before it are history only. */
export interface Batch {
  last: ResolvedReport[];
  /** With the place in `last` of the resource they belong to. */
  earlier: { report: ResolvedReport; resource: number }[];
}

export function splitBatch(reports: readonly ResolvedReport[]): Batch {
  const places = new Map<string, number>();
  const batch: Batch = { last: [], earlier: [] };
  for (const report of reports) {
    const key = `${report.identifierId} ${report.gpuModelId} ${report.addressKey}`;
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, batch.last.push(report) - 1);
    } else {
      batch.earlier.push({ report: batch.last[place]!, resource: place });
      batch.last[place] = report;
    }
  }
  return batch;
}

const KEY_DIGITS = 32;

/** The same for the same set of addresses, in whatever order and case they are given. */
export function addressKeyOf(networkIps: string): string {
  const set = networkIps.includes(',') ? [...new Set(addressesOf(networkIps.toLowerCase()))].toSorted().join(',') : networkIps.trim().toLowerCase();
  return hash('sha256', set, 'hex').slice(0, KEY_DIGITS);
}

/** The columns of a report that state and history share, as array parameters in the order of {@link REPORT_COLUMNS}. */
export function reportArrays(reports: readonly ResolvedReport[]): string[] {
  const numbers = (value: (input: ComputingResourceReportInput) => number | boolean | string | null) => plainArray(reports.map(({ input }) => value(input)));
  const texts = (value: (input: ComputingResourceReportInput) => string) => textArray(reports.map(({ input }) => value(input)));
  return [
    numbers(({ observedAt }) => observedAt?.toISOString() ?? null),
    numbers(({ networkDelayMs }) => networkDelayMs),
    numbers(({ powerConsumption }) => powerConsumption),
    numbers(({ cpuPerformance }) => cpuPerformance),
    numbers(({ cpuAvailable }) => cpuAvailable),
    numbers(({ gpuPerformance }) => gpuPerformance),
    numbers(({ gpuMemory }) => gpuMemory),
    numbers(({ gpuAvailable }) => gpuAvailable),
    numbers(({ networkPerformance }) => networkPerformance),
    numbers(({ price }) => price ?? null),
    numbers(({ networkIsIxp }) => networkIsIxp),
    texts(({ networkIps }) => networkIps),
    texts(({ networkAvailable }) => networkAvailable),
    texts(({ networkIpsAvailable }) => networkIpsAvailable),
    texts(({ networkPorts }) => networkPorts),
  ];
}
