import { HutongError, sql, type WorkerPresence } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { CloudError, type CloudResource, type MachineReference } from '../drivers/driver.js';
import type { CloudVmSettings } from '../environment.js';
import { virtualMachineState } from '../errors.js';
import { failPendingSnapshot } from '../snapshot/snapshot.store.js';
import { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import { isEnding, VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import { EXPECTATIONS, isTakingAway, type Errand } from './errand.js';
import type { MachineRows } from './machine.rows.js';
import { recordMade, recordReleased, referencesOf } from './made-resources.js';
import { retryDelayMs } from './retry.policy.js';

interface ErrandStoreParts {
  fork: () => EntityManager;
  rows: MachineRows;
  presence: WorkerPresence;
  settings: Pick<CloudVmSettings, 'atOnce' | 'buildMs'>;
}

/** Only one process at a time looks whose turn it is. */
const TURN_LOCK = `select pg_advisory_xact_lock(hashtextextended('hutong cloud-vm turn', 0))`;

/** Errands that nobody runs and that may be begun. Clocks of processes differ, so that only those are waited for that have failed. */
const DUE = `machine.errand is not null and machine.worker is null and (machine.tries = 0 or machine.not_before <= clock_timestamp())`;

/** Releases first, then the user who was served longest ago, then what was asked for first. */
const NEXT = `
  select machine.id from cloud_vm.virtual_machine machine left join cloud_vm.turn using (owner_id)
  where ${DUE} and (select count(*) from cloud_vm.virtual_machine where worker is not null) < $1
  order by machine.errand in ('DESTROY', 'RELEASE') desc, turn.served_at nulls first, machine.not_before, machine.created_at
  limit 1`;

const TURN_TAKEN = `
  insert into cloud_vm.turn (owner_id, served_at) values ($1, clock_timestamp())
  on conflict (owner_id) do update set served_at = excluded.served_at`;

/** What the presence of a process is asked about, for a caller of it who waits for a machine and will not have it later. */
export const waitingFor = (id: string): string => `waiting for ${id}`;

/** The errands of machines from their turn to their end, each step written down in one short transaction. */
export class ErrandStore {
  constructor(private readonly parts: ErrandStoreParts) {}

  /** Takes the machine whose turn it is, for this process to run its errand; undefined when there is nothing to do, or enough under way. */
  async claim(): Promise<VirtualMachine | undefined> {
    const { fork, presence, settings } = this.parts;
    let claimed: VirtualMachine | undefined;
    try {
      return await fork().transactional(async (tx) => {
        await sql(tx, TURN_LOCK);
        const [next] = await sql<{ id: string }>(tx, NEXT, [settings.atOnce]);
        if (!next) return undefined;
        const machine = await tx.findOneOrFail(VirtualMachine, next.id, { lockMode: LockMode.PESSIMISTIC_WRITE });
        if (machine.errand === null || machine.worker !== null) return undefined;
        presence.begin(machine.id);
        claimed = machine;
        machine.worker = presence.id;
        if (machine.errand === 'LAUNCH') machine.expectedBy ??= new Date(Date.now() + settings.buildMs);
        await tx.flush();
        await sql(tx, TURN_TAKEN, [machine.ownerId]);
        return machine;
      });
    } catch (error) {
      if (claimed) presence.end(claimed.id);
      throw error;
    }
  }

  /** What exists in the cloud for a machine. */
  async referenceOf(id: string): Promise<MachineReference> {
    const [reference] = await referencesOf(this.parts.fork(), [id]);
    return reference!;
  }

  /**
   * Writes down what the launch of a machine has made.
   *
   * @throws VM_STATE_CONFLICT, after having written it, when the machine is not to be launched any more
   */
  async made(id: string, resource: CloudResource): Promise<void> {
    const machine = await this.parts.rows.change(id, async (tx, row) => {
      await recordMade(tx, id, resource);
      return row;
    });
    if (machine.errand !== 'LAUNCH') throw virtualMachineState({ id, state: machine.state, wanted: 'be launched' });
  }

  /** Strikes out what is gone from the cloud. */
  async released(id: string, resource: CloudResource): Promise<void> {
    await recordReleased(this.parts.fork(), id, resource);
  }

  /** The cloud has taken on an errand, or carried it out. */
  async done(id: string, errand: Errand): Promise<void> {
    await this.#end(id, errand, async (tx, machine) => {
      Object.assign(machine, { errand: null, worker: null, tries: 0, expected: EXPECTATIONS[errand] });
      if (machine.expected !== null && errand !== 'LAUNCH') machine.expectedBy = new Date(Date.now() + this.parts.settings.buildMs);
      Object.assign(machine, isTakingAway(errand) ? { ipv4: null, endpoints: [] } : { stateReason: null });
      await this.parts.rows.become(tx, machine, errand === 'DESTROY' ? VirtualMachineState.DELETED : machine.state);
    });
  }

  /** An errand failed: it is given up, or tried again in the answered milliseconds. */
  async failed(id: string, errand: Errand, error: unknown): Promise<number | undefined> {
    let againMs: number | undefined;
    await this.#end(id, errand, async (tx, machine) => {
      const { rows } = this.parts;
      const words = wordsOf(error);
      machine.worker = null;
      const delayMs = retryDelayMs(errand, error, machine.tries);
      const hasTime = errand !== 'LAUNCH' || machine.expectedBy === null || machine.expectedBy.getTime() > Date.now() + (delayMs ?? 0);
      if (delayMs !== undefined && hasTime) {
        Object.assign(machine, { tries: machine.tries + 1, notBefore: new Date(Date.now() + delayMs), stateReason: words });
        await rows.wake(tx, delayMs);
        againMs = delayMs;
      } else if (errand === 'LAUNCH') await rows.release(tx, machine, VirtualMachineState.ERROR, words);
      else {
        if (errand === 'SNAPSHOT') await failPendingSnapshot(tx, id, words);
        Object.assign(machine, { errand: null, tries: 0, stateReason: `could not ${errand.toLowerCase()}: ${words}` });
      }
    });
    return againMs;
  }

  /** This process will not run an errand that it has begun; another one, or its next start, does. */
  async giveBack(id: string): Promise<void> {
    await this.#end(id, null, async () => undefined);
  }

  /** Gives back what dead processes were at, ends what their callers waited for, and has workers look for all that is to be done. */
  async takeOver(): Promise<void> {
    const { fork, rows, presence, settings } = this.parts;
    const held = await fork().find(VirtualMachine, { $or: [{ worker: { $ne: null } }, { awaitedBy: { $ne: null } }] }, { fields: ['id'] });
    for (const { id } of held) {
      await rows.change(id, async (tx, machine) => {
        if (machine.worker !== null && (await presence.isAbandoned(tx, { worker: machine.worker, key: id }))) machine.worker = null;
        const isLeft = machine.awaitedBy !== null && (await presence.isAbandoned(tx, { worker: machine.awaitedBy, key: waitingFor(id) }));
        if (isLeft && !isEnding(machine.state)) await rows.destroy(tx, machine);
      });
    }
    const [{ due } = { due: 0 }] = await sql<{ due: number }>(fork(), `select count(*)::integer as due from cloud_vm.virtual_machine machine where ${DUE}`);
    for (let job = 0; job < Math.min(due, settings.atOnce); job++) await fork().transactional((tx) => rows.wake(tx));
  }

  /** Ends this process's part in an errand; when something else was asked for meanwhile, that comes next. */
  async #end(id: string, errand: Errand | null, work: (tx: EntityManager, machine: VirtualMachine) => Promise<void>): Promise<void> {
    const { rows, presence } = this.parts;
    await rows.change(id, async (tx, machine) => {
      if (machine.worker !== presence.id) return;
      if (machine.errand === errand) return work(tx, machine);
      machine.worker = null;
      await rows.wake(tx);
    });
  }
}

/** What may be shown of a failure. */
const wordsOf = (error: unknown): string => (error instanceof CloudError || error instanceof HutongError ? error.message : 'an internal error');
