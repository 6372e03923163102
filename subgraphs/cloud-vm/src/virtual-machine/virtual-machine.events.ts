import { filterIterator, mayAccessOwned, type Caller, type EventLog, type StoredEvent } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { VirtualMachine } from './virtual-machine.entity.js';
import type { VirtualMachineState } from './virtual-machine.states.js';

/** What is kept of a change: enough to tell it, and whom it may be told to. */
export interface VirtualMachineChange {
  state: VirtualMachineState;
  ownerId: string;
}

const TOPIC = 'virtual-machine';

/** What happens to virtual machines, as events. */
export class VirtualMachineEvents {
  constructor(private readonly log: EventLog) {}

  /** Writes down the state that a machine enters, in the transaction in which it does. */
  append(tx: EntityManager, { id, state, ownerId }: VirtualMachine): Promise<void> {
    return this.log.append(tx, { topic: TOPIC, subject: id, payload: { state, ownerId } satisfies VirtualMachineChange });
  }

  /** Events of one machine, or of all that the caller may see, from now on or from behind `after`; replayed ones are checked alike. */
  async subscribe(caller: Caller, { id, after }: { id?: string | undefined; after?: string | null | undefined }): Promise<AsyncIterableIterator<StoredEvent<VirtualMachineChange>>> {
    const events = await this.log.subscribe<VirtualMachineChange>({ topic: TOPIC, subject: id ?? null, after: after ?? null });
    return filterIterator(events, ({ payload }) => mayAccessOwned(caller, payload.ownerId));
  }

  /** Calls back for every change of any machine, whichever process made it, until the function it returns is called. */
  onChange(heard: (id: string, state: VirtualMachineState) => void): () => void {
    return this.log.onEvent(TOPIC, ({ subject, payload }) => heard(subject, (payload as VirtualMachineChange).state));
  }
}
