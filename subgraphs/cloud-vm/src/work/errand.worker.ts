import type { Log, WorkerPresence } from '@hutong/common';
import type { Cloud } from '../cloud/cloud.js';
import { CloudError } from '../drivers/driver.js';
import type { SnapshotStore } from '../snapshot/snapshot.store.js';
import type { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import type { VirtualMachineEvents } from '../virtual-machine/virtual-machine.events.js';
import { VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import type { Errand } from './errand.js';
import type { ErrandStore } from './errand.store.js';

interface WorkerParts {
  cloud: Cloud;
  errands: ErrandStore;
  snapshots: SnapshotStore;
  events: VirtualMachineEvents;
  presence: WorkerPresence;
  /** Called when there may be a machine that the cloud is bringing somewhere. */
  onExpectation: () => void;
  log: Log;
}

/** A cloud that does not answer for so long is given up for this time. */
const LONGEST_ERRAND_MS = 300_000;

/** Asks the cloud for what is written down, outside any transaction. Every errand may be repeated, so one that was broken off is simply run again. */
export class ErrandWorker {
  readonly #parts: WorkerParts;
  /** What breaks off the errands under way, by machine. */
  readonly #underWay = new Map<string, AbortController>();
  readonly #drains = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #stopping = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#stopListening = parts.events.onChange((id, state) => {
      if (state === VirtualMachineState.DELETING) this.#underWay.get(id)?.abort(new Error('the machine is to be destroyed'));
    });
  }

  /** Does what there is to do until there is nothing left that may be begun. */
  async drain(): Promise<void> {
    const drained = this.#drain();
    this.#drains.add(drained);
    await drained.finally(() => this.#drains.delete(drained));
  }

  /** Breaks off what is under way and gives it back: another process, or the next start, runs it again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopListening();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const stop of this.#underWay.values()) stop.abort(new Error('the process stops'));
    await Promise.allSettled(this.#drains);
  }

  async #drain(): Promise<void> {
    while (!this.#stopping) {
      const machine = await this.#parts.errands.claim();
      if (!machine?.errand) return;
      await this.#carryOut(machine, machine.errand);
    }
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

  async #carryOut(machine: VirtualMachine, errand: Errand): Promise<void> {
    const { errands, presence, onExpectation, log } = this.#parts;
    const { id } = machine;
    const stop = new AbortController();
    const tooLong = AbortSignal.timeout(LONGEST_ERRAND_MS);
    this.#underWay.set(id, stop);
    // The process may have been told to stop while the machine was claimed.
    if (this.#stopping) stop.abort(new Error('the process stops'));
    try {
      await this.#ask(machine, errand, AbortSignal.any([stop.signal, tooLong]));
      await errands.done(id, errand);
      onExpectation();
    } catch (error) {
      if (this.#stopping) return await errands.giveBack(id);
      log.warn({ err: error, virtualMachine: id, errand }, 'an errand to the cloud failed');
      const shown = tooLong.aborted ? new CloudError('UNREACHABLE', `the cloud was not done with it after ${LONGEST_ERRAND_MS / 1_000} s`, { cause: error }) : error;
      const againMs = await errands.failed(id, errand, shown);
      if (againMs === undefined) onExpectation();
      else this.#drainIn(againMs);
    } finally {
      this.#underWay.delete(id);
      presence.end(id);
    }
  }

  async #ask(machine: VirtualMachine, errand: Errand, signal: AbortSignal): Promise<void> {
    const { cloud: { driver }, errands, snapshots } = this.#parts;
    const { id, name, imageId, flavorId, internetAccess } = machine;
    const reference = await errands.referenceOf(id);
    switch (errand) {
      case 'LAUNCH':
        return driver.launch({ id, name, imageId, flavorId, internetAccess }, { made: reference.made, onMade: (resource) => errands.made(id, resource) }, signal);
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
        return driver.destroy(reference, signal, (resource) => errands.released(id, resource));
    }
  }
}
