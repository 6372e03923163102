/**
 * Counts changes by topic, so that an answer made under one count may be sent again while the count stands. A writer
 * bumps before it acknowledges; changes made by other processes are counted as their events arrive.
 */
export class Revisions {
  readonly #counts = new Map<string, number>();
  /** Distinguishes this run from earlier ones. */
  readonly #epoch = Date.now().toString(36);

  bump(topic: string): void {
    this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + 1);
  }

  of(topic: string): string {
    return `${this.#epoch}.${this.#counts.get(topic) ?? 0}`;
  }
}
