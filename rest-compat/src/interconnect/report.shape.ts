import { isIP } from 'node:net';
import { z } from 'zod';
import { LARGEST_INT, boolean, converted, integer, integerOrDigits, text, textUpTo } from '../engine/value.shapes.js';
import { parseNetworkDelay } from './network-delay.js';
import { reportWords } from './report.words.js';

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
  computing_id: text.meta(reportWords.computing_id),
  power_consumption: integerOrDigits.meta(reportWords.power_consumption),
  cpu_performance: integer.meta(reportWords.cpu_performance),
  cpu_available: integer.meta(reportWords.cpu_available),
  gpu_model: textUpTo(255).meta(reportWords.gpu_model),
  gpu_performance: integer.meta(reportWords.gpu_performance),
  gpu_memory: integer.meta(reportWords.gpu_memory),
  gpu_available: integerOrDigits.meta(reportWords.gpu_available),
  network_delay: networkDelay.meta(reportWords.network_delay),
  network_performance: integer.meta(reportWords.network_performance),
  network_isixp: boolean.meta(reportWords.network_isixp),
  network_ips: ips.meta(reportWords.network_ips),
  network_available: text.meta(reportWords.network_available),
  network_ips_available: ips.meta(reportWords.network_ips_available),
  network_ports: ports.meta(reportWords.network_ports),
  price: integer.nullish().meta(reportWords.price),
  observed_at: time.nullish().meta(reportWords.observed_at),
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
