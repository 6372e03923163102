/** What waits for its turn, in rounds: whoever asks has one turn in each, however much of theirs waits. */
export class FairQueue<Item> {
  readonly #waiting = new Map<string, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How much of one asker waits. */
  sizeOf(asker: string): number {
    return this.#waiting.get(asker)?.length ?? 0;
  }

  add(asker: string, item: Item): void {
    const items = this.#waiting.get(asker);
    if (items) items.push(item);
    else this.#waiting.set(asker, [item]);
    this.#size++;
  }

  /** What is next of those who are not to be passed over; their next turn comes after everybody else's. */
  take(passedOver: ReadonlySet<string>): Item | undefined {
    for (const [asker, items] of this.#waiting) {
      if (passedOver.has(asker)) continue;
      const item = items.shift();
      this.#waiting.delete(asker);
      if (items.length > 0) this.#waiting.set(asker, items);
      this.#size--;
      return item;
    }
    return undefined;
  }

  /** Whether somebody waits who is not to be passed over. */
  hasNext(passedOver: ReadonlySet<string>): boolean {
    return [...this.#waiting.keys()].some((asker) => !passedOver.has(asker));
  }

  /** Whether it still waited. */
  remove(asker: string, item: Item): boolean {
    const items = this.#waiting.get(asker);
    const at = items?.indexOf(item) ?? -1;
    if (at === -1) return false;
    items!.splice(at, 1);
    if (items!.length === 0) this.#waiting.delete(asker);
    this.#size--;
    return true;
  }
}
