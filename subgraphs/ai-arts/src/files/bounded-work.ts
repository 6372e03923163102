/** Runs pieces of work beside each other, so many at a time; after the first failure none is begun any more. */
export class BoundedWork {
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(private readonly atOnce: number) {}

  /** Begins a piece of work, when enough others have ended. @throws what an earlier one has failed with */
  async begin(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.atOnce) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = work()
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when all have ended, whatever became of them. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Resolves when all have ended well. @throws what the first has failed with */
  async end(): Promise<void> {
    await this.settle();
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
