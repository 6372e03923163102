/** Knows since when things that carry our id belong to nobody, for engines and clouds that may not say when they were made. */
export class OrphanWatch {
  readonly #firstSeen = new Map<string, number>();
  readonly #graceMs: number;

  /** @param graceMs how old a thing that nobody has written down must be to be nobody's: it might be somebody's who is about to */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Forgets all others than these, which are there no more. */
  keep(present: { has(id: string): boolean }): void {
    for (const id of this.#firstSeen.keys()) if (!present.has(id)) this.#firstSeen.delete(id);
  }

  /** Whether it is past its grace, by the youngest of its parts; null: nothing tells when that was made. */
  isOld(id: string, madeAt: readonly (Date | null)[]): boolean {
    const first = this.#firstSeen.get(id) ?? Date.now();
    this.#firstSeen.set(id, first);
    const youngest = Math.max(...madeAt.map((time) => time?.getTime() ?? first));
    return Date.now() - youngest >= this.#graceMs;
  }
}
