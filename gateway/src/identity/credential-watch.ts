import type { Asked } from './identity.source.js';

/** A credential in use for longer than one request. */
export interface WatchedCredential {
  asked: Asked;
  credentialId: string | null;
  userId: string | null;
  /** When it stops being good, in milliseconds since 1970; Infinity for one that does not expire. */
  expiresAt: number;
  /** Called once, when it is good no longer or stands for somebody who may do other things. */
  onEnd: () => void;
}

/** Longer timers fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Tells those who use a credential for long when it ends. */
export class CredentialWatch {
  readonly #watched = new Map<WatchedCredential, NodeJS.Timeout | undefined>();

  /** Watches until the credential ends or the function it returns is called. */
  add(watched: WatchedCredential): () => void {
    this.#watched.set(watched, undefined);
    this.#arm(watched);
    return () => this.#remove(watched);
  }

  /** Ends what uses the credential, or the user's credentials, of this id. */
  revoked(id: string): void {
    for (const watched of this.#watched.keys()) {
      if (watched.credentialId === id || watched.userId === id) this.end(watched);
    }
  }

  /** Those watched at present, each to be asked about again. */
  all(): WatchedCredential[] {
    return [...this.#watched.keys()];
  }

  end(watched: WatchedCredential): void {
    if (this.#remove(watched)) watched.onEnd();
  }

  stop(): void {
    for (const watched of this.all()) this.#remove(watched);
  }

  #remove(watched: WatchedCredential): boolean {
    clearTimeout(this.#watched.get(watched));
    return this.#watched.delete(watched);
  }

  #arm(watched: WatchedCredential): void {
    const rest = watched.expiresAt - Date.now();
    if (rest === Infinity) return;
    const timer = setTimeout(() => (rest > LONGEST_TIMER_MS ? this.#arm(watched) : this.end(watched)), Math.min(Math.max(rest, 0), LONGEST_TIMER_MS));
    timer.unref();
    this.#watched.set(watched, timer);
  }
}
