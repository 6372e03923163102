import { decodeIdCursor, inOrderOf, pageOf, pageWindow, type Connection, type House, type PageArguments, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';
import type { ChangeFeed } from '../change/change.feed.js';
import { checkedInput } from '../input/input.js';
import { machineIdOf } from '../input/ids.js';
import { saveMachinesRule, type MachineRecord } from './machine.rules.js';
import { countMachines, selectMachines, upsertMachines } from './machine.table.js';
import { MachineStatus, type Machine, type MachineFilter, type SaveMachinesInput } from './machine.types.js';

/** The topic of a machine's events; their subject is its id. */
export const MACHINE_TOPIC = 'machine';

const FILTER = z.object({ status: z.enum(MachineStatus).nullish(), gpu: z.string().nullish(), name: z.string().nullish(), ip: z.string().nullish() });

interface Parts {
  house: Pick<House, 'events'>;
  changes: ChangeFeed;
}

/** The inventory. */
export class MachineService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A machine that the caller may see; null otherwise. */
  async find(scope: RequestScope, id: string): Promise<Machine | null> {
    const number = machineIdOf(id);
    return number === null ? null : ((await this.findAll(scope, [number]))[0] ?? null);
  }

  /** Machines by id in the order asked, null where the caller may see none. */
  async findAll(scope: RequestScope, ids: readonly number[]): Promise<(Machine | null)[]> {
    const rows = await selectMachines(scope.em, scope, { ids }, { afterId: null, offset: 0, limit: ids.length });
    return inOrderOf(ids, rows, ({ id }) => id);
  }

  /** A page of the machines that the caller may see, by id. */
  async list(scope: RequestScope, filter: MachineFilter | null | undefined, page: PageArguments): Promise<Connection<Machine>> {
    const window = pageWindow(page, scope.maxPageSize);
    const conditions = checkedInput(FILTER, filter ?? {}, 'filter');
    const range = { afterId: window.after === null ? null : decodeIdCursor(window.after), offset: window.offset, limit: window.limit + 1 };
    const rows = await selectMachines(scope.em, scope, conditions, range);
    return pageOf({ rows, window, keyOf: ({ id }) => [id], totalCount: () => countMachines(scope.em, scope, conditions) });
  }

  /** Adds or replaces machines, all or none. A new machine is seen by admins only until it is granted. */
  async save(scope: RequestScope, input: SaveMachinesInput): Promise<Machine[]> {
    const { machines } = checkedInput(saveMachinesRule, input);
    await this.#parts.changes.inventoryChange(scope.em, (em) => this.store(em, machines, false));
    const stored = await this.findAll(scope, machines.map(({ id }) => id));
    return stored.filter((machine) => machine !== null);
  }

  /** The part of {@link save} for a transaction of the caller's; answers how many machines are new or differ. */
  async store(em: EntityManager, machines: readonly MachineRecord[], everyone: boolean): Promise<number> {
    const changed = await upsertMachines(em, machines, everyone);
    await this.#parts.house.events.append(
      em,
      ...changed.map(({ id, status }) => ({ topic: MACHINE_TOPIC, subject: String(id), payload: { status } })),
    );
    return changed.length;
  }
}
