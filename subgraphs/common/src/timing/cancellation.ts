/** Is told when what it works for is given up. */
export interface Cancellable {
  cancelled(reason: unknown): void;
}

/**
 * Tells those who work for somebody that nobody waits for it any more: an AbortSignal in less time and memory, for what is
 * handed on and let go several times for each fetch. Who needs an AbortSignal is given one.
 */
export class Cancellation {
  /** Nearly always the only one. */
  #first: Cancellable | undefined;
  #others: Set<Cancellable> | undefined;
  #isCancelled = false;
  #reason: unknown;
  #controller: AbortController | undefined;

  /** What is cancelled when a signal is aborted. */
  static of(signal: AbortSignal): Cancellation {
    return ((signal as KnownSignal)[CANCELLATION] ??= new SignalCancellation(signal));
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** What was given as the reason; undefined before. */
  get reason(): unknown {
    return this.#reason;
  }

  /** @throws its reason, once it is cancelled */
  throwIfCancelled(): void {
    if (this.isCancelled) throw this.reason;
  }

  /** Aborted with the same reason. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isCancelled) this.#controller.abort(this.reason);
    return this.#controller.signal;
  }

  /** Tells everybody once; calling it again changes nothing. */
  cancel(reason: unknown): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#reason = reason;
    const first = this.#first;
    this.#first = undefined;
    first?.cancelled(reason);
    // Who is taken out while others are told is not told.
    for (const other of this.#others ?? []) {
      this.#others!.delete(other);
      other.cancelled(reason);
    }
    this.#controller?.abort(reason);
  }

  /** Has it told, unless it is cancelled already: look first. */
  add(cancellable: Cancellable): void {
    if (this.#first === undefined) this.#first = cancellable;
    else (this.#others ??= new Set()).add(cancellable);
  }

  /** Has it told no more. */
  remove(cancellable: Cancellable): void {
    if (this.#first === cancellable) this.#first = undefined;
    else this.#others?.delete(cancellable);
  }

  /** Whether somebody is to be told. */
  protected get isHeard(): boolean {
    return this.#first !== undefined || (this.#others !== undefined && this.#others.size > 0);
  }
}

/** On the signal itself: what a `WeakMap` holds that leads back to its key is not collected in passing. */
const CANCELLATION = Symbol('cancellation');
type KnownSignal = AbortSignal & { [CANCELLATION]?: Cancellation };

/** Listens to its signal only while somebody is to be told: a signal that is listened to is kept in memory. */
class SignalCancellation extends Cancellation {
  readonly #signal: AbortSignal;
  readonly #aborted = (): void => this.cancel(this.#signal.reason);

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
  }

  override get isCancelled(): boolean {
    return this.#signal.aborted;
  }

  override get reason(): unknown {
    return this.#signal.reason;
  }

  override get signal(): AbortSignal {
    return this.#signal;
  }

  override add(cancellable: Cancellable): void {
    if (!this.isHeard) this.#signal.addEventListener('abort', this.#aborted, { once: true });
    super.add(cancellable);
  }

  override remove(cancellable: Cancellable): void {
    super.remove(cancellable);
    if (!this.isHeard) this.#signal.removeEventListener('abort', this.#aborted);
  }
}
