import { HutongError, sql, type WorkerPresence } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { CloudError, type CloudResource, type MachineReference, type MachineView } from '../drivers/driver.js';
import type { CloudVmSettings } from '../environment.js';
import { virtualMachineNotFound, virtualMachineState } from '../errors.js';
import { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import type { VirtualMachineEvents } from '../virtual-machine/virtual-machine.events.js';
import { isEnding, mayBecome, VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import { EXPECTATIONS, isTakingAway, type Errand } from './errand.js';
import { recordMade, recordReleased, referencesOf } from './made-resources.js';
import { retryDelayMs } from './retry.policy.js';
import type { WorkQueue } from './work.queue.js';

interface StoreParts {
  /** Makes an EntityManager for one transaction. */
  fork: () => EntityManager;
  events: VirtualMachineEvents;
  queue: WorkQueue;
  presence: WorkerPresence;
  settings: Pick<CloudVmSettings, 'atOnce' | 'buildMs'>;
}

const { BUILD, ACTIVE, SHUTOFF, REBOOT, ERROR, DELETING, DELETED } = VirtualMachineState;

/** States that the cloud may leave a machine in by itself. */
const SETTLED: readonly VirtualMachineState[] = [ACTIVE, SHUTOFF, ERROR];

/** Only one process at a time looks whose turn it is. */
const TURN_LOCK = `select pg_advisory_xact_lock(hashtextextended('hutong cloud-vm turn', 0))`;

/** Releases first, then the user who was served longest ago, then what was asked for first. */
const NEXT = `
  select machine.id from cloud_vm.virtual_machine machine left join cloud_vm.turn using (owner_id)
  where machine.errand is not null and machine.worker is null and machine.not_before <= now()
    and (select count(*) from cloud_vm.virtual_machine where worker is not null) < $1
  order by machine.errand in ('DESTROY', 'RELEASE') desc, turn.served_at nulls first, machine.not_before, machine.created_at
  limit 1`;

const TURN_TAKEN = `
  insert into cloud_vm.turn (owner_id, served_at) values ($1, clock_timestamp())
  on conflict (owner_id) do update set served_at = excluded.served_at`;

/**
 * The steps of a machine as the database sees them. Each is one short transaction that holds the machine's row; none
 * asks anything of the cloud. Every change of a state goes through here, with its event.
 */
export class MachineStore {
  constructor(private readonly parts: StoreParts) {}

  /** Stores a machine that is to be launched. */
  async insert(tx: EntityManager, machine: VirtualMachine): Promise<void> {
    await tx.persist(machine).flush();
    await this.parts.events.append(tx, machine);
    await this.parts.queue.wake(tx);
  }

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
    const machine = await this.#inMachine(id, async (tx, row) => {
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
    await this.#onMine(id, errand, async (tx, machine) => {
      Object.assign(machine, { errand: null, worker: null, tries: 0, expected: EXPECTATIONS[errand] });
      if (errand === 'DESTROY') await this.#become(tx, machine, DELETED);
      if (machine.expected !== null && errand !== 'LAUNCH') machine.expectedBy = new Date(Date.now() + this.parts.settings.buildMs);
      Object.assign(machine, isTakingAway(errand) ? { ipv4: null, endpoints: [] } : { stateReason: null });
    });
  }

  /** An errand failed: it is given up, or tried again in the answered milliseconds. */
  async failed(id: string, errand: Errand, error: unknown): Promise<number | undefined> {
    let againMs: number | undefined;
    await this.#onMine(id, errand, async (tx, machine) => {
      const words = wordsOf(error);
      machine.worker = null;
      const delayMs = retryDelayMs(errand, error, machine.tries);
      const hasTime = errand !== 'LAUNCH' || machine.expectedBy === null || machine.expectedBy.getTime() > Date.now() + (delayMs ?? 0);
      if (delayMs !== undefined && hasTime) {
        Object.assign(machine, { tries: machine.tries + 1, notBefore: new Date(Date.now() + delayMs), stateReason: words });
        await this.parts.queue.wake(tx, delayMs);
        againMs = delayMs;
      } else if (errand === 'LAUNCH') await this.#fail(tx, machine, words);
      else {
        const isRebooting = machine.state === REBOOT;
        Object.assign(machine, { errand: null, tries: 0, stateReason: `could not ${errand.toLowerCase()}: ${words}` });
        // What the cloud made of it is looked at once more.
        if (isRebooting) Object.assign(machine, { expected: ACTIVE, expectedBy: new Date() });
      }
    });
    return againMs;
  }

  /** Asks for a machine to be started, stopped, rebooted or kept as a snapshot. @throws VM_STATE_CONFLICT */
  async request(id: string, errand: Exclude<Errand, 'LAUNCH' | 'DESTROY' | 'RELEASE'>, from: readonly VirtualMachineState[], also?: (tx: EntityManager) => Promise<void>): Promise<void> {
    await this.#inMachine(id, async (tx, machine) => {
      const isBusy = machine.errand !== null || machine.expected !== null;
      if (isBusy || !from.includes(machine.state)) throw virtualMachineState({ id, state: isBusy ? `${machine.state} and being worked on` : machine.state, wanted: errand.toLowerCase() });
      Object.assign(machine, { errand, tries: 0, notBefore: new Date(), stateReason: null });
      if (errand === 'REBOOT') await this.#become(tx, machine, REBOOT);
      await tx.flush();
      await also?.(tx);
      await this.parts.queue.wake(tx);
    });
  }

  /** Asks for a machine to be destroyed; one that was never asked of the cloud is gone at once. @throws VM_NOT_FOUND for one that is gone */
  async destroy(id: string): Promise<void> {
    await this.#inMachine(id, async (tx, machine) => {
      if (machine.state === DELETED) throw virtualMachineNotFound({ id, field: 'id' });
      if (machine.state === DELETING) return;
      const isUntouched = machine.errand === 'LAUNCH' && machine.expectedBy === null;
      Object.assign(machine, { errand: 'DESTROY', tries: 0, notBefore: new Date(), expected: null, awaitedBy: null });
      await this.#become(tx, machine, DELETING);
      if (isUntouched) {
        machine.errand = null;
        await this.#become(tx, machine, DELETED);
      } else await this.parts.queue.wake(tx);
    });
  }

  /** Takes over what the cloud says of a machine that nothing is being asked for. */
  async observe(view: MachineView): Promise<void> {
    await this.#inMachine(view.id, async (tx, machine) => {
      if (machine.errand !== null || isEnding(machine.state)) return;
      const seen = VirtualMachineState[view.state];
      const isThere = seen === machine.expected && (seen !== ACTIVE || view.ipv4 !== null);
      if (isThere || (machine.expected === null && seen === ACTIVE)) Object.assign(machine, { ipv4: view.ipv4 ?? machine.ipv4, endpoints: view.endpoints });
      if (isThere) {
        Object.assign(machine, { expected: null, awaitedBy: null, stateReason: null });
        return this.#become(tx, machine, seen);
      }
      return machine.state === BUILD ? this.#observeBuilding(tx, machine, view) : this.#observeMade(tx, machine, view);
    });
  }

  async #observeBuilding(tx: EntityManager, machine: VirtualMachine, { state, reason }: MachineView): Promise<void> {
    if (state === 'DELETED' || state === 'ERROR') await this.#fail(tx, machine, reason ?? 'the cloud could not build it');
    else if (isOverdue(machine)) await this.#fail(tx, machine, `it was not ready within ${this.parts.settings.buildMs / 1_000} s`);
  }

  async #observeMade(tx: EntityManager, machine: VirtualMachine, { id, state, reason }: MachineView): Promise<void> {
    const seen = VirtualMachineState[state];
    if (seen === DELETED) {
      // What could not be made has left nothing, and stays in ERROR.
      if (machine.state === ERROR && (await referencesOf(tx, [id]))[0]!.made.length === 0) return;
      const stateReason = `deleted behind our back: ${reason ?? 'the cloud does not have it any more'}`;
      Object.assign(machine, { errand: 'RELEASE', tries: 0, notBefore: new Date(), expected: null, stateReason });
      await this.#become(tx, machine, DELETED);
      return this.parts.queue.wake(tx);
    }
    if (isOverdue(machine)) Object.assign(machine, { stateReason: `it did not become ${machine.expected} in time`, expected: null });
    if (machine.expected !== null && seen !== ERROR) return;
    if (seen === ERROR) Object.assign(machine, { stateReason: reason, expected: null });
    await this.#become(tx, machine, SETTLED.includes(seen) ? seen : machine.state);
  }

  /** Gives back what dead processes were at, and has workers look for all that is to be done. Answers machines whose caller went with its process. */
  async takeOver(): Promise<{ abandoned: string[] }> {
    const { fork, presence, queue, settings } = this.parts;
    const held = await fork().find(VirtualMachine, { $or: [{ worker: { $ne: null } }, { awaitedBy: { $ne: null } }] }, { fields: ['id', 'worker', 'awaitedBy'] });
    const abandoned: string[] = [];
    for (const { id } of held) {
      await this.#inMachine(id, async (tx, machine) => {
        if (machine.worker !== null && (await presence.isAbandoned(tx, { worker: machine.worker, key: id }))) machine.worker = null;
        if (machine.awaitedBy !== null && machine.awaitedBy !== presence.id && (await presence.isAbandoned(tx, { worker: machine.awaitedBy, key: id }))) abandoned.push(id);
      });
    }
    const [{ due } = { due: 0 }] = await sql<{ due: number }>(fork(), `select count(*)::integer as due from cloud_vm.virtual_machine where errand is not null and worker is null and not_before <= now()`);
    for (let job = 0; job < Math.min(due, settings.atOnce); job++) await fork().transactional((tx) => queue.wake(tx));
    return { abandoned };
  }

  #inMachine<Result>(id: string, work: (tx: EntityManager, machine: VirtualMachine) => Promise<Result>): Promise<Result> {
    return this.parts.fork().transactional(async (tx) => {
      const machine = await tx.findOne(VirtualMachine, id, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!machine) throw virtualMachineNotFound({ id });
      return work(tx, machine);
    });
  }

  /** Ends an errand of this process; when something else was asked for meanwhile, that comes next. */
  async #onMine(id: string, errand: Errand, work: (tx: EntityManager, machine: VirtualMachine) => Promise<void>): Promise<void> {
    await this.#inMachine(id, async (tx, machine) => {
      if (machine.worker !== this.parts.presence.id) return;
      if (machine.errand === errand) return work(tx, machine);
      machine.worker = null;
      await this.parts.queue.wake(tx);
    });
  }

  /** A machine that could not be made: what there is of it is taken back. */
  async #fail(tx: EntityManager, machine: VirtualMachine, words: string): Promise<void> {
    Object.assign(machine, { errand: 'RELEASE', tries: 0, notBefore: new Date(), expected: null, awaitedBy: null, stateReason: words });
    await this.#become(tx, machine, ERROR);
    await this.parts.queue.wake(tx);
  }

  /** Writes what has changed, and tells of the state when it is another one. */
  async #become(tx: EntityManager, machine: VirtualMachine, state: VirtualMachineState): Promise<void> {
    const isNew = machine.state !== state;
    if (isNew && !mayBecome(machine.state, state)) throw virtualMachineState({ id: machine.id, state: machine.state, wanted: `become ${state}` });
    machine.state = state;
    await tx.flush();
    if (isNew) await this.parts.events.append(tx, machine);
  }
}

const isOverdue = ({ expected, expectedBy }: VirtualMachine): boolean => expected !== null && expectedBy !== null && expectedBy.getTime() <= Date.now();

/** What may be shown of a failure. */
const wordsOf = (error: unknown): string => (error instanceof CloudError || error instanceof HutongError ? error.message : 'an internal error');
