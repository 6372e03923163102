import { isIP } from 'node:net';
import { badInput, textFault } from '@hutong/common';
import type { ComputingResourceReportInput } from './report.types.js';

type Report = ComputingResourceReportInput;

/** The integers of a report: 0 or more; GraphQL's Int has checked the rest. */
const INTEGERS = [
  'powerConsumption',
  'cpuPerformance',
  'cpuAvailable',
  'gpuPerformance',
  'gpuMemory',
  'gpuAvailable',
  'networkPerformance',
] as const satisfies readonly (keyof Report)[];

const TEXTS = ['identifier', 'gpuModel', 'networkIps', 'networkAvailable', 'networkIpsAvailable', 'networkPorts'] as const satisfies readonly (keyof Report)[];

const LONGEST_MODEL = 255;
const LONGEST_TEXT = 8_192;
const LARGEST_INTEGER = 2_147_483_647;
const CLOCK_TOLERANCE_MS = 60_000;
/** Nothing was measured before; PostgreSQL and ISO 8601 disagree about years far off. */
const EARLIEST = Date.UTC(2000, 0);

/** Refuses a report with BAD_INPUT that names the field: `input.reports[3].gpuMemory: expected an integer ≥ 0, got -1`. */
export function requireReport(report: Report, index: number, now: number): void {
  for (const name of INTEGERS) if (report[name] < 0) throw wrong(index, name, `expected an integer ≥ 0, got ${report[name]}`);
  if (report.price != null && report.price < 0) throw wrong(index, 'price', `expected an integer ≥ 0 or null, got ${report.price}`);
  const delay = report.networkDelayMs;
  if (!(delay >= 0 && delay <= LARGEST_INTEGER)) throw wrong(index, 'networkDelayMs', `expected 0 to ${LARGEST_INTEGER} ms, got ${delay}`);
  for (const name of TEXTS) requireText(report[name], index, name);
  requireAddresses(report.networkIps, index, 'networkIps');
  requireAddresses(report.networkIpsAvailable, index, 'networkIpsAvailable');
  requirePorts(report.networkPorts, index);
  if (report.observedAt != null) requireObserved(report.observedAt, index, now);
}

function wrong(index: number, name: keyof Report, problem: string) {
  return badInput({ field: `input.reports[${index}].${name}`, problem });
}

function requireText(text: string, index: number, name: keyof Report): void {
  const problem = textFault(text, name === 'gpuModel' ? LONGEST_MODEL : LONGEST_TEXT);
  if (problem !== undefined) throw wrong(index, name, problem);
}

/** The addresses of a comma list. */
export const addressesOf = (list: string): string[] => list.split(',').map((address) => address.trim()).filter((address) => address !== '');

function requireAddresses(list: string, index: number, name: keyof Report): void {
  if (list === '' || isIP(list) !== 0) return;
  for (const address of list.split(',')) {
    if (isIP(address.trim()) === 0) throw wrong(index, name, `expected IPv4 or IPv6 addresses separated by commas, got ${quoted(address)}`);
  }
}

const PORTS = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/;
const LARGEST_PORT = 65_535;

function requirePorts(list: string, index: number): void {
  if (list === '') return;
  for (const part of list.split(',')) {
    const [, first, last = first] = PORTS.exec(part) ?? [];
    const isRange = first !== undefined && Number(first) >= 1 && Number(first) <= Number(last) && Number(last) <= LARGEST_PORT;
    if (!isRange) throw wrong(index, 'networkPorts', `expected ports from 1 to ${LARGEST_PORT} or ranges of them, separated by commas, got ${quoted(part)}`);
  }
}

function requireObserved(observedAt: Date, index: number, now: number): void {
  const time = observedAt.getTime();
  if (time > now + CLOCK_TOLERANCE_MS) throw wrong(index, 'observedAt', `expected a time that has come, got ${observedAt.toISOString()}`);
  if (time < EARLIEST) throw wrong(index, 'observedAt', `expected a time since the year 2000, got ${observedAt.toISOString()}`);
}

const SHOWN = 60;

const quoted = (text: string): string => JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
