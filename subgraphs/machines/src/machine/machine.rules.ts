import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { LARGEST_ID, machineIdOf } from '../input/ids.js';
import { textUpTo } from '../input/input.js';
import { MachineStatus } from './machine.types.js';

const TEXT_LENGTH = 255;
const ATTRIBUTES_BYTES = 65_536;
const LARGEST_INT = 2_147_483_647;

const integer = (maximum: number, shown: string) =>
  z.number(`expected an integer from 0 to ${shown}`).refine((value) => Number.isInteger(value) && value >= 0 && value <= maximum, `expected an integer from 0 to ${shown}`);

/** What holds for each field of a machine, whichever way it comes in. */
export const machineRules = {
  numericId: integer(LARGEST_ID, '2,147,483,647'),
  cpus: integer(LARGEST_INT, '2,147,483,647'),
  bytes: integer(Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991 (2^53 - 1)'),
  gpu: textUpTo(TEXT_LENGTH),
  name: textUpTo(TEXT_LENGTH).min(1, 'expected a name, got an empty text'),
  ip: z.string('expected an IPv4 address').refine(isIPv4, 'expected an IPv4 address, for example 192.168.1.100'),
  attributes: z
    .custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected a JSON object')
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= ATTRIBUTES_BYTES, `expected at most ${ATTRIBUTES_BYTES} bytes of JSON`),
};

/** A machine ready to be stored. */
export interface MachineRecord {
  id: number;
  name: string | null;
  cpus: number;
  status: MachineStatus;
  memoryBytes: number;
  gpu: string;
  ip: string;
  maxDiskBytes: number | null;
  attributes: Record<string, unknown>;
}

const machineRule = z.object({
  id: z
    .string()
    .transform(machineIdOf)
    .refine((id): id is number => id !== null, 'expected a decimal integer from 0 to 2,147,483,647'),
  name: machineRules.name.nullish().transform((name) => name ?? null),
  cpus: machineRules.cpus,
  status: z.enum(MachineStatus),
  memoryBytes: machineRules.bytes,
  gpu: machineRules.gpu,
  ip: machineRules.ip,
  maxDiskBytes: machineRules.bytes.nullish().transform((bytes) => bytes ?? null),
  attributes: machineRules.attributes.nullish().transform((attributes) => attributes ?? {}),
});

/** The input of saveMachines. */
export const saveMachinesRule = z.object({
  machines: z
    .array(machineRule)
    .min(1, 'expected at least one machine')
    .max(1_000, 'expected at most 1,000 machines at once')
    .check(({ value, issues }) => {
      const repeated = firstRepeated(value, ({ id }) => id);
      if (repeated !== undefined) issues.push({ code: 'custom', path: [repeated, 'id'], message: 'this id comes more than once', input: value });
    }),
});

/** The index of the first item whose key an earlier one has. */
function firstRepeated<Item>(items: readonly Item[], keyOf: (item: Item) => string | number): number | undefined {
  const seen = new Set<string | number>();
  const index = items.findIndex((item) => seen.size === seen.add(keyOf(item)).size);
  return index === -1 ? undefined : index;
}
