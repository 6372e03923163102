import { randomUUID } from 'node:crypto';
import { badInput, conflict, decodeCursor, isUuid, pageOf, sql, pageWindow, waitForChange, type Connection, type PageArguments, type RequestScope, type WorkerPresence } from '@hutong/common';
import { UniqueConstraintViolationException, type EntityManager, type FilterQuery } from '@mikro-orm/postgresql';
import type { Cloud } from '../cloud/cloud.js';
import type { CloudVmSettings } from '../environment.js';
import { cloudMisconfigured, creationFailed, internetAccessInvalid, quotaExceeded } from '../errors.js';
import { waitingFor } from '../work/errand.store.js';
import type { MachineStore } from '../work/machine.store.js';
import { readLaunch, waitMs, type LaunchRequest } from './launch.request.js';
import { VirtualMachine } from './virtual-machine.entity.js';
import type { VirtualMachineEvents } from './virtual-machine.events.js';
import { visibleMachine, visibleMachines } from './virtual-machine.reference.js';
import { VirtualMachineState } from './virtual-machine.states.js';
import type { LaunchVirtualMachineInput, VirtualMachineFilter } from './virtual-machine.types.js';

interface ServiceParts {
  cloud: Cloud;
  store: MachineStore;
  events: VirtualMachineEvents;
  presence: WorkerPresence;
  settings: Pick<CloudVmSettings, 'machinesPerUser'>;
}

const { ACTIVE, SHUTOFF, BUILD, DELETED } = VirtualMachineState;

/** A user's launches are counted one after the other, so that together they keep to the quota. */
const QUOTA_LOCK = `select pg_advisory_xact_lock(hashtextextended('hutong cloud-vm quota ' || $1, 0))`;

/** What users ask of virtual machines: each is written down and done by the workers; a wait only looks on. */
export class VirtualMachineService {
  constructor(private readonly parts: ServiceParts) {}

  /** Stores a machine that is to be launched, and waits as long as the input says; see `launchVirtualMachine`. */
  async launch(scope: RequestScope, input: LaunchVirtualMachineInput): Promise<VirtualMachine> {
    const request = readLaunch(input);
    const newId = randomUUID();
    const waiting = waitingFor(newId);
    if (request.destroyUnlessActive) this.parts.presence.begin(waiting);
    try {
      const { id } = (await this.#earlier(scope, request)) ?? (await this.#store(scope, request, newId));
      const machine = await this.#settled(scope, id, request.waitMs);
      return request.destroyUnlessActive ? await this.#activeOrDestroyed(scope, machine, request) : machine;
    } finally {
      // Whatever has gone wrong here: a machine that nobody has taken is found by the next sweep, and destroyed.
      this.parts.presence.end(waiting);
    }
  }

  /** Asks for a machine to be destroyed, and waits as long as said for its end; see `destroyVirtualMachine`. */
  async destroy(scope: RequestScope, id: string, waitSeconds: number | null | undefined): Promise<VirtualMachine> {
    const atMostMs = waitMs(waitSeconds, 'waitSeconds');
    await visibleMachine(scope.em, scope, id, 'id');
    await this.parts.store.destroy(id);
    await waitForChange(this.parts.events, id, { atMostMs, signal: scope.signal }, async () => (await visibleMachine(scope.em, scope, id)).state === DELETED);
    return visibleMachine(scope.em, scope, id);
  }

  /** Starts a machine that is SHUTOFF; nothing happens to one that is ACTIVE. */
  start(scope: RequestScope, id: string): Promise<VirtualMachine> {
    return this.#ask(scope, id, 'START', [SHUTOFF], ACTIVE);
  }

  /** Stops a machine that is ACTIVE; nothing happens to one that is SHUTOFF. */
  stop(scope: RequestScope, id: string): Promise<VirtualMachine> {
    return this.#ask(scope, id, 'STOP', [ACTIVE], SHUTOFF);
  }

  /** Restarts a machine that is ACTIVE or SHUTOFF. */
  reboot(scope: RequestScope, id: string): Promise<VirtualMachine> {
    return this.#ask(scope, id, 'REBOOT', [ACTIVE, SHUTOFF]);
  }

  /** A page of the caller's machines (an admin's: all), newest first. */
  async list(scope: RequestScope, { state, name, owner }: VirtualMachineFilter, page: PageArguments): Promise<Connection<VirtualMachine>> {
    const window = pageWindow(page, scope.maxPageSize);
    const asked: FilterQuery<VirtualMachine> = {
      state: state ?? { $ne: DELETED },
      ...(name == null ? {} : { name }),
      ...(owner == null ? {} : { ownerId: owner }),
    };
    const wanted: FilterQuery<VirtualMachine> = { $and: [asked, visibleMachines(scope)] };
    const behind = window.after === null ? [] : [rowsBehind(window.after)];
    const rows = await scope.em.find(VirtualMachine, { $and: [wanted, ...behind] }, { orderBy: { createdAt: 'desc', id: 'desc' }, limit: window.limit + 1 });
    return pageOf({ rows, window, keyOf: ({ createdAt, id }) => [createdAt.toISOString(), id], totalCount: () => scope.em.fork().count(VirtualMachine, wanted) });
  }

  /** Whether a user has machines that are not gone. */
  async ownsAnything(em: EntityManager, ownerId: string): Promise<boolean> {
    return (await em.findOne(VirtualMachine, { ownerId, state: { $ne: DELETED } }, { fields: ['id'] })) !== null;
  }

  async #earlier({ em, caller }: RequestScope, { clientToken, hash }: LaunchRequest): Promise<VirtualMachine | null> {
    if (clientToken === null) return null;
    const earlier = await em.fork().findOne(VirtualMachine, { ownerId: caller.userId ?? '', clientToken });
    if (earlier && earlier.requestHash !== hash) throw conflict({ field: 'input.clientToken', reason: 'input.clientToken: this token was used before, with another input' });
    return earlier;
  }

  /** In the order of the contract: image, flavor, network, internet value. */
  async #store(scope: RequestScope, request: LaunchRequest, id: string): Promise<VirtualMachine> {
    const { cloud } = this.parts;
    const image = await cloud.imageOf(request.image, 'input.image');
    const flavor = await cloud.flavorOf(request.flavor, 'input.flavor');
    const { ready, message } = await cloud.status();
    if (!ready) throw cloudMisconfigured({ words: message ?? 'the cloud is not ready' });
    if (request.internetAccess === undefined) throw internetAccessInvalid({ field: 'input.internetAccess' });
    const now = new Date();
    const machine = Object.assign(new VirtualMachine(), {
      id,
      ownerId: scope.caller.userId ?? '',
      name: request.name,
      image: image.name,
      imageId: image.id,
      flavor: flavor.name,
      flavorId: flavor.id,
      internetAccess: request.internetAccess,
      state: BUILD,
      clientToken: request.clientToken,
      requestHash: request.hash,
      errand: 'LAUNCH' as const,
      notBefore: now,
      awaitedBy: request.destroyUnlessActive ? this.parts.presence.id : null,
      createdAt: now,
    });
    try {
      return await scope.em.fork().transactional(async (tx) => {
        await this.#requireRoom(tx, machine.ownerId);
        await this.parts.store.insert(tx, machine);
        return machine;
      });
    } catch (error) {
      // The same token came twice at once, and the other one was stored first.
      const winner = error instanceof UniqueConstraintViolationException ? await this.#earlier(scope, request) : null;
      if (winner) return winner;
      throw error;
    }
  }

  async #requireRoom(tx: EntityManager, ownerId: string): Promise<void> {
    const { machinesPerUser } = this.parts.settings;
    await sql(tx, QUOTA_LOCK, [ownerId]);
    const living = await tx.count(VirtualMachine, { ownerId, state: { $ne: DELETED } });
    if (living >= machinesPerUser) throw quotaExceeded({ most: machinesPerUser });
  }

  async #settled(scope: RequestScope, id: string, atMostMs: number): Promise<VirtualMachine> {
    let machine = await visibleMachine(scope.em, scope, id);
    await waitForChange(this.parts.events, id, { atMostMs, signal: scope.signal }, async () => {
      machine = await visibleMachine(scope.em, scope, id);
      return machine.state !== BUILD;
    });
    return machine;
  }

  async #activeOrDestroyed(scope: RequestScope, seen: VirtualMachine, { waitMs: atMostMs }: LaunchRequest): Promise<VirtualMachine> {
    const { id, state, stateReason } = seen;
    if (await this.parts.store.accept(id, !scope.signal.aborted)) return state === ACTIVE ? seen : visibleMachine(scope.em, scope, id);
    throw creationFailed({ words: state === BUILD ? `it was not ready within ${atMostMs / 1_000} s` : (stateReason ?? `it is ${state}`) });
  }

  async #ask(scope: RequestScope, id: string, errand: 'START' | 'STOP' | 'REBOOT', from: readonly VirtualMachineState[], already?: VirtualMachineState): Promise<VirtualMachine> {
    const machine = await visibleMachine(scope.em, scope, id, 'id');
    const isThere = machine.state === already && machine.errand === null && machine.expected === null;
    // Without a cloud this is told at once, and not by a machine that stays as it is.
    void this.parts.cloud.driver;
    if (!isThere) await this.parts.store.request(id, errand, from);
    return visibleMachine(scope.em, scope, id);
  }
}

/** The rows of a list, newest first, that come behind a cursor. @throws BAD_INPUT when it is none of this list's */
function rowsBehind(cursor: string): FilterQuery<VirtualMachine> {
  const [at, id] = decodeCursor(cursor, 2).map(String);
  const createdAt = new Date(at!);
  if (Number.isNaN(createdAt.getTime()) || !isUuid(id!)) throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, id: { $lt: id! } }] };
}
