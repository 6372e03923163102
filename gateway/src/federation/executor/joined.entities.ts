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

  /** Whether an object is one of the run, and so stands for everything that names the entity. */
  isOwn(data: Data): boolean {
    return this.#own.has(data);
  }

  /** An empty object of the run. */
  begin(): Data {
    const data: Data = {};
    this.#own.add(data);
    return data;
  }

  /** From now on `joined` is what is known of `data`. */
  replace(data: Data, joined: Data): void {
    if (data !== joined) this.#joined.set(data, joined);
  }

  /** Adds what a fetch answered of a thing, and answers what is known of it then. */
  add(data: Data, more: Data): Data {
    let joined = this.of(data);
    if (!this.#own.has(joined)) this.replace(data, (joined = this.#copied(joined)));
    this.#merge(joined, more);
    return joined;
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
      this.#merge(own, added);
      return own;
    }
    if (Array.isArray(present) && Array.isArray(added) && present.length === added.length) return present.map((item, index) => this.#merged(item, added[index]));
    return added;
  }
}
