import { copyOf, isData, ownOf, setOwn, type Data } from './fetched.data.js';

/**
 * What one run knows of entities from several fetches. What a fetch answered is never changed, as others may read it too: an
 * entity of it is replaced by an object of the run, which whoever comes across the entity looks up here.
 */
export class JoinedEntities {
  readonly #joined = new Map<Data, Data>();
  /** Objects of the run. */
  readonly #own = new Set<Data>();

  /** What is known of an object by now. */
  of(data: Data): Data {
    return this.#joined.get(data) ?? data;
  }

  /** Whether an object is one of the run. */
  isOwn(data: Data): boolean {
    return this.#own.has(data);
  }

  /** An empty object of the run. */
  begin(): Data {
    return this.#copied({});
  }

  /** An object of the run that stands for this one from now on. */
  replaced(data: Data): Data {
    const own = this.#copied(data);
    this.#joined.set(data, own);
    return own;
  }

  /** From now on `own`, an object of the run, stands for `data` as well. */
  replace(data: Data, own: Data): void {
    this.#joined.set(data, own);
  }

  /** Adds what a fetch answered of a thing. */
  add(data: Data, more: Data): void {
    const known = this.of(data);
    this.#merge(this.#own.has(known) ? known : this.replaced(known), more);
  }

  #copied(data: Data): Data {
    const copy = copyOf(data);
    this.#own.add(copy);
    return copy;
  }

  /** Objects are added to each other, and lists of the same length element by element; anything else takes the place of what was there. */
  #merge(own: Data, more: Data): void {
    for (const key of Object.keys(more)) {
      const added = more[key];
      if (added === undefined) continue;
      const present = ownOf(own, key);
      setOwn(own, key, typeof present === 'object' && present !== null ? this.#merged(present, added) : added);
    }
  }

  #merged(present: unknown, added: unknown): unknown {
    if (present === added) return present;
    if (isData(present) && isData(added)) {
      const known = this.of(present);
      const own = this.#own.has(known) ? known : this.#copied(known);
      // Fetches under way are about to join what they found here before.
      this.replace(present, own);
      this.#merge(own, added);
      return own;
    }
    if (Array.isArray(present) && Array.isArray(added) && present.length === added.length) return present.map((item, index) => this.#merged(item, added[index]));
    return added;
  }
}
