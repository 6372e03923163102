import { z } from 'zod';
import { machineRules, type MachineRecord } from '../machine/machine.rules.js';
import { MachineStatus } from '../machine/machine.types.js';
import { checkedRecords, requireDistinct } from './record.file.js';

/** `stoppped` is how the document of the old service spells it. */
const STATUS: Record<string, MachineStatus> = { running: MachineStatus.RUNNING, stopped: MachineStatus.STOPPED, stoppped: MachineStatus.STOPPED };

const status = z
  .string('expected "running" or "stopped"')
  .refine((text) => Object.hasOwn(STATUS, text.toLowerCase()), 'expected "running" or "stopped"')
  .transform((text) => STATUS[text.toLowerCase()]!);

/** Puts the fields that the document does not name together, in their order. */
function withAttributes(record: unknown): unknown {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  const { id, name, cpus, status: state, mem, GPU, ip, maxdisk, ...attributes } = record as Record<string, unknown>;
  return { id, name, cpus, status: state, mem, GPU, ip, maxdisk, attributes };
}

const machineRecord = z
  .preprocess(
    withAttributes,
    z.object(
      {
        id: machineRules.numericId,
        name: machineRules.name.or(z.literal('')).nullish(),
        cpus: machineRules.cpus,
        status,
        mem: machineRules.bytes,
        GPU: machineRules.gpu,
        ip: machineRules.ip,
        maxdisk: machineRules.bytes.nullish(),
        attributes: machineRules.attributes,
      },
      'expected an object',
    ),
  )
  .transform(({ name, mem, GPU, maxdisk, ...same }): MachineRecord => ({ ...same, name: name || null, memoryBytes: mem, gpu: GPU, maxDiskBytes: maxdisk ?? null }));

/** The machines of a machines.json, each id once; fields that it does not name become attributes, in their order. */
export function machinesOf(records: readonly unknown[], shownAs: string): MachineRecord[] {
  const machines = checkedRecords(records, machineRecord, shownAs);
  requireDistinct(machines, ({ id }) => id, 'id', shownAs);
  return machines;
}
