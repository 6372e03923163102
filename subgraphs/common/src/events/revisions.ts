/**
 * Counts changes by topic, so that an answer made under one count may be sent again while the count stands. A writer
 * bumps before it acknowledges. Changes made by other processes are counted as they are heard of, which may be later than
 * they were acknowledged: while there are such processes no count stands.
 */
export class Revisions {
  readonly #countsAll: () => boolean;
  readonly #counts = new Map<string, number>();
  /** Distinguishes this run from earlier ones. */
  readonly #epoch = Date.now().toString(36);

  /** @param countsAll whether all changes are made in this process at present */
  constructor(countsAll: () => boolean) {
    this.#countsAll = countsAll;
  }

  bump(topic: string): void {
    this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + 1);
  }

  /** Undefined while an answer may not be sent again. */
  of(topic: string): string | undefined {
    if (!this.#countsAll()) return undefined;
    return `${this.#epoch}.${this.#counts.get(topic) ?? 0}`;
  }
}
