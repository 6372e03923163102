import { badInput, type EventLog, type RequestScope, type StoredEvent } from '@hutong/common';
import { machineIdOf } from '../input/ids.js';
import { selectMachines } from './machine.table.js';
import { MACHINE_TOPIC } from './machine.service.js';
import { MachineEvent, type MachineStatus } from './machine.types.js';

/**
 * Changes of machines that the subscriber may see at the moment each is delivered, also when it is replayed. A plain
 * iterator: its `return()` does not wait for a pending `next()`.
 */
export async function machineEvents(scope: RequestScope, events: EventLog, id?: string | null, after?: string | null): Promise<AsyncIterableIterator<MachineEvent>> {
  if (id != null && machineIdOf(id) === null) throw badInput({ field: 'id', problem: 'expected a decimal integer from 0 to 2,147,483,647' });
  const changes = await events.subscribe<{ status: MachineStatus }>({ topic: MACHINE_TOPIC, subject: id ?? null, after: after ?? null });
  const visible: AsyncIterableIterator<MachineEvent> = {
    [Symbol.asyncIterator]: () => visible,
    async next(): Promise<IteratorResult<MachineEvent>> {
      for (;;) {
        const item = await changes.next();
        if (item.done) return { done: true, value: undefined };
        const event = await visibleEvent(scope, item.value);
        if (event) return { done: false, value: event };
      }
    },
    async return(): Promise<IteratorResult<MachineEvent>> {
      await changes.return?.();
      return { done: true, value: undefined };
    },
  };
  return visible;
}

async function visibleEvent(scope: RequestScope, { id, at, subject, payload }: StoredEvent<{ status: MachineStatus }>): Promise<MachineEvent | null> {
  const [machine] = await selectMachines(scope.em.fork(), scope, { ids: [Number(subject)] }, { afterId: null, offset: 0, limit: 1 });
  return machine ? Object.assign(new MachineEvent(), { id, at, state: payload.status, machine }) : null;
}
