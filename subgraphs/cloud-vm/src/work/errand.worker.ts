import type { Log, WorkerPresence } from '@hutong/common';
import type { Cloud } from '../cloud/cloud.js';
import type { SnapshotStore } from '../snapshot/snapshot.store.js';
import type { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import type { VirtualMachineEvents } from '../virtual-machine/virtual-machine.events.js';
import { VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import type { Errand } from './errand.js';
import type { MachineStore } from './machine.store.js';

interface UnderWay {
  stop: AbortController;
  ended: Promise<void>;
}

interface WorkerParts {
  cloud: Cloud;
  store: MachineStore;
  snapshots: SnapshotStore;
  events: VirtualMachineEvents;
  presence: WorkerPresence;
  /** Called when the cloud has taken something on that is to be waited for. */
  onExpectation: () => void;
  log: Log;
}

/** A cloud that does not answer for so long is given up for this time. */
const LONGEST_ERRAND_MS = 300_000;

/** Asks the cloud for what is written down, outside any transaction. Every errand may be repeated, so one that was broken off is simply run again. */
export class ErrandWorker {
  readonly #parts: WorkerParts;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #stopping = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#stopListening = parts.events.onChange((id, state) => {
      if (state === VirtualMachineState.DELETING) this.#underWay.get(id)?.stop.abort(new Error('the machine is to be destroyed'));
    });
  }

  /** Does what there is to do until there is nothing left that may be begun. */
  async drain(): Promise<void> {
    while (!this.#stopping) {
      const machine = await this.#parts.store.claim();
      if (!machine?.errand) return;
      const stop = new AbortController();
      const ended = this.#carryOut(machine, machine.errand, stop.signal);
      this.#underWay.set(machine.id, { stop, ended });
      await ended.finally(() => this.#underWay.delete(machine.id));
    }
  }

  /** Breaks off what is under way; another process, or the next start, runs it again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopListening();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { stop } of this.#underWay.values()) stop.abort(new Error('the process stops'));
    await Promise.all([...this.#underWay.values()].map(({ ended }) => ended));
  }

  /** The job that was written down for it would be found later than it is due. */
  #drainIn(milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.drain().catch((err: unknown) => this.#parts.log.warn({ err }, 'what is to be done could not be looked up'));
    }, milliseconds);
    timer.unref();
    this.#timers.add(timer);
  }

  async #carryOut(machine: VirtualMachine, errand: Errand, stop: AbortSignal): Promise<void> {
    const { store, presence, onExpectation, log } = this.#parts;
    const { id } = machine;
    try {
      await this.#ask(machine, errand, AbortSignal.any([stop, AbortSignal.timeout(LONGEST_ERRAND_MS)]));
      await store.done(id, errand);
      onExpectation();
    } catch (error) {
      log.warn({ err: error, virtualMachine: id, errand }, 'an errand to the cloud failed');
      const againMs = await store.failed(id, errand, error);
      if (againMs !== undefined) this.#drainIn(againMs);
    } finally {
      presence.end(id);
    }
  }

  async #ask(machine: VirtualMachine, errand: Errand, signal: AbortSignal): Promise<void> {
    const { cloud: { driver }, store, snapshots } = this.#parts;
    const { id, name, imageId, flavorId, internetAccess } = machine;
    const reference = await store.referenceOf(id);
    switch (errand) {
      case 'LAUNCH':
        return driver.launch({ id, name, imageId, flavorId, internetAccess }, { made: reference.made, onMade: (resource) => store.made(id, resource) }, signal);
      case 'START':
        return driver.start(reference, signal);
      case 'STOP':
        return driver.stop(reference, signal);
      case 'REBOOT':
        return driver.reboot(reference, signal);
      case 'SNAPSHOT':
        return snapshots.take(reference, signal);
      case 'DESTROY':
      case 'RELEASE':
        await snapshots.giveUp(id, signal);
        return driver.destroy(reference, signal, (resource) => store.released(id, resource));
    }
  }
}
