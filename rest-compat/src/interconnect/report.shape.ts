import { isIP } from 'node:net';
import { z } from 'zod';
import { LARGEST_INT, boolean, converted, integer, integerOrDigits, text, textUpTo } from '../engine/value.shapes.js';
import { parseNetworkDelay } from './network-delay.js';

const PORT_LIST = /^\d{1,5}(?:-\d{1,5})?(?:, *\d{1,5}(?:-\d{1,5})?)*$/;
const TIME = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?$/i;

const networkDelay = converted(parseNetworkDelay, () => 'a delay such as "5ms", "0.5ms", "1s" or a number of ms', {
  anyOf: [{ type: 'string', pattern: '^\\d{1,6}(\\.\\d{1,20})? ?([mM][sS]|[sS])$' }, { type: 'number', minimum: 0, maximum: LARGEST_INT }],
});

const ips = z.custom<string>((value) => typeof value === 'string' && isIpList(value), { error: 'a comma list of IPv4 or IPv6 addresses' }).meta({ type: 'string' });

const ports = z.custom<string>((value) => typeof value === 'string' && isPortList(value), {
  error: 'a comma list of ports or ranges of ports from 1 to 65535',
}).meta({ type: 'string' });

const time = converted(parseTime, () => 'a time in ISO 8601 from 1970 to 9999', { type: 'string', format: 'date-time' });

/** One element of `computing_resources`. */
export const reportShape = z.object({
  computing_id: text,
  power_consumption: integerOrDigits,
  cpu_performance: integer,
  cpu_available: integer,
  gpu_model: textUpTo(255),
  gpu_performance: integer,
  gpu_memory: integer,
  gpu_available: integerOrDigits,
  network_delay: networkDelay,
  network_performance: integer,
  network_isixp: boolean,
  network_ips: ips,
  network_available: text,
  network_ips_available: ips,
  network_ports: ports,
  price: integer.nullish(),
  observed_at: time.nullish(),
}, { error: 'an object' });

export type Report = z.output<typeof reportShape>;

function isIpList(list: string): boolean {
  return list === '' || isIP(list) !== 0 || list.split(',').every((address) => isIP(address.trim()) !== 0);
}

function isPortList(list: string): boolean {
  return list === '' || (PORT_LIST.test(list) && list.split(',').every(isPortRange));
}

function isPortRange(range: string): boolean {
  const [first, last = first] = range.split('-').map(Number);
  return first !== undefined && last !== undefined && first >= 1 && first <= last && last <= 65_535;
}

/** In UTC. A time without a zone is one in UTC. */
function parseTime(value: unknown): string | undefined {
  const parts = typeof value === 'string' ? TIME.exec(value) : null;
  if (!parts || !isDay(value as string)) return undefined;
  const date = new Date(`${parts[1]?.replace(' ', 'T')}${parts[2] ?? 'Z'}`.toUpperCase());
  const year = date.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? date.toISOString() : undefined;
}

/** JavaScript takes 2026-02-30 for 2 March. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day] = [text.slice(0, 4), text.slice(5, 7), text.slice(8, 10)].map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}
