import type { Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cloud } from '../cloud/cloud.js';
import { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import { VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import type { KnownMachine, MachineObserver } from './machine.observer.js';
import { referencesOf } from './made-resources.js';

interface WatcherParts {
  fork: () => EntityManager;
  cloud: Cloud;
  observer: MachineObserver;
  log: Log;
}

const FIRST_LOOK_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const LOOK_TIMEOUT_MS = 20_000;
const AT_ONCE = 100;
const LOOKED_AT = ['id', 'state', 'expected'] as const;

/** States in which a machine that nothing is asked for may change by itself. */
const RESTING = [VirtualMachineState.ACTIVE, VirtualMachineState.SHUTOFF, VirtualMachineState.REBOOT, VirtualMachineState.ERROR];

/** Looks at machines: often at those that the cloud is to bring somewhere, and when told to at all others. */
export class Watcher {
  readonly #parts: WatcherParts;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  /** A cloud that is slow to answer is left alone for as long as it took. */
  #restUntil = 0;
  #looking: Promise<void> | undefined;
  #again = false;
  readonly #stop = new AbortController();

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  /** There may be a machine that the cloud is bringing somewhere: looks soon, and until none is left. */
  wake(pauseMs = FIRST_LOOK_MS): void {
    if (this.#stop.signal.aborted) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    // What wakes it all the time must not put it off all the time.
    const now = performance.now();
    const due = Math.max(now + pauseMs, this.#restUntil);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#begin(pauseMs), due - now);
    this.#timer.unref();
  }

  /** Compares every machine at rest with what the cloud has. */
  async compareAll(): Promise<void> {
    const { fork } = this.#parts;
    const resting = await fork().find(VirtualMachine, { errand: null, expected: null, state: { $in: RESTING } }, { fields: LOOKED_AT });
    await this.#look(resting);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #begin(pauseMs: number): void {
    this.#again = false;
    this.#due = Infinity;
    this.#looking = this.#lookAndGoOn(pauseMs);
  }

  async #lookAndGoOn(pauseMs: number): Promise<void> {
    const began = performance.now();
    let isSomethingLeft = true;
    try {
      isSomethingLeft = await this.#lookAtExpected();
    } catch (err) {
      if (!this.#stop.signal.aborted) this.#parts.log.warn({ err }, 'the cloud could not be asked how its machines are');
    }
    this.#looking = undefined;
    const ended = performance.now();
    this.#restUntil = ended + (ended - began);
    if (this.#again) this.wake();
    else if (isSomethingLeft) this.wake(Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
  }

  async #lookAtExpected(): Promise<boolean> {
    // A reboot that failed expects nothing, but leaves the machine in between.
    const isMoving = { $or: [{ expected: { $ne: null } }, { state: VirtualMachineState.REBOOT }] };
    const expected = await this.#parts.fork().find(VirtualMachine, { errand: null, ...isMoving }, { fields: LOOKED_AT });
    await this.#look(expected);
    return expected.length > 0;
  }

  async #look(known: readonly KnownMachine[]): Promise<void> {
    const { fork, cloud, observer } = this.#parts;
    for (let from = 0; from < known.length && !this.#stop.signal.aborted; from += AT_ONCE) {
      const chunk = known.slice(from, from + AT_ONCE);
      const machines = await referencesOf(fork(), chunk.map(({ id }) => id));
      const views = await cloud.driver.look(machines, AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]));
      for (const [place, view] of views.entries()) await observer.observe(view, chunk[place]!);
    }
  }
}
