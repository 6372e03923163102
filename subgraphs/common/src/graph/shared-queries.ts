import { Cancellation, type Cancellable } from '../timing/cancellation.js';

/** What two equal queries have in common: all of these texts, one by one; the first is what tells most of them apart. */
export type QueryKey = readonly [string, ...string[]];

/** Of queries that look alike, which are all compared with a new one, at once. */
const MOST_ALIKE = 16;
/** Characters of a text that are looked at from its beginning, and of the first one so many more, spread over it. */
const LOOKED_AT = 32;

/**
 * Identical queries that are under way at the same time are asked once. A query that begins after a change has ended
 * never shares an answer that was asked for before it. The work ends when none who asked is waiting any more.
 */
export class SharedQueries<Result> {
  /** By what they look like: the hash of a whole text of some kilobytes costs as much as everything else here. */
  readonly #underway = new Map<number, SharedQuery<Result>[]>();
  readonly #lastIsAnswered: boolean;

  /** @param lastIsAnswered whether who gives up last gets what becomes of the work that is ended with that, instead of the reason at once */
  constructor({ lastIsAnswered = false }: { lastIsAnswered?: boolean } = {}) {
    this.#lastIsAnswered = lastIsAnswered;
  }

  /** Something has changed: whoever asks from now on gets an answer of its own. */
  changed(): void {
    this.#underway.clear();
  }

  /** @throws the reason of the cancellation, for who gives up while others wait */
  run(key: QueryKey, cancellation: Cancellation, work: (cancellation: Cancellation) => Promise<Result>): Promise<Result> {
    if (cancellation.isCancelled) return Promise.reject(cancellation.reason);
    const look = lookOf(key);
    const alike = this.#underway.get(look);
    const known = alike?.find((query) => isEqual(query.key, key));
    if (known) return known.answer(cancellation);
    const query = new SharedQuery<Result>(key, this.#lastIsAnswered, () => this.#forget(look, query));
    if (!alike) this.#underway.set(look, [query]);
    else if (alike.length < MOST_ALIKE) alike.push(query);
    const answer = query.answer(cancellation);
    query.begin(work);
    return answer;
  }

  #forget(look: number, query: SharedQuery<Result>): void {
    const alike = this.#underway.get(look);
    const place = alike?.indexOf(query) ?? -1;
    if (place === -1) return;
    if (alike!.length === 1) this.#underway.delete(look);
    else alike!.splice(place, 1);
  }
}

/** A query under way; it is cancelled when nobody waits for it. */
class SharedQuery<Result> extends Cancellation {
  readonly #waiting: Waiting<Result>[] = [];
  readonly #lastIsAnswered: boolean;
  readonly #forget: () => void;

  constructor(
    readonly key: QueryKey,
    lastIsAnswered: boolean,
    forget: () => void,
  ) {
    super();
    this.#lastIsAnswered = lastIsAnswered;
    this.#forget = forget;
  }

  begin(work: (cancellation: Cancellation) => Promise<Result>): void {
    work(this).then(
      (result) => this.#end((waiting) => waiting.resolve(result)),
      (reason: unknown) => this.#end((waiting) => waiting.reject(reason)),
    );
  }

  answer(cancellation: Cancellation): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting<Result> = { resolve, reject, cancellation, cancelled: (reason) => this.#leave(waiting, reason) };
      this.#waiting.push(waiting);
      cancellation.add(waiting);
    });
  }

  #leave(waiting: Waiting<Result>, reason: unknown): void {
    const isLast = this.#waiting.length === 1;
    if (!isLast || !this.#lastIsAnswered) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.reject(reason);
    }
    if (!isLast) return;
    this.#forget();
    this.cancel(reason);
  }

  #end(tell: (waiting: Waiting<Result>) => void): void {
    this.#forget();
    for (const waiting of this.#waiting) {
      waiting.cancellation.remove(waiting);
      tell(waiting);
    }
  }
}

/** Somebody who waits for a query. */
interface Waiting<Result> extends Cancellable {
  cancellation: Cancellation;
  resolve: (result: Result) => void;
  reject: (reason: unknown) => void;
}

function isEqual(key: QueryKey, other: QueryKey): boolean {
  for (let part = 0; part < key.length; part += 1) if (key[part] !== other[part]) return false;
  return key.length === other.length;
}

/** The same for equal keys, and nearly always another for others. */
function lookOf(key: QueryKey): number {
  let look = 0;
  for (const text of key) {
    look = mixed(look, text.length);
    for (let at = Math.min(text.length, LOOKED_AT) - 1; at >= 0; at -= 1) look = mixed(look, text.charCodeAt(at));
  }
  const [text] = key;
  // Odd, so that in a list of things of one length not the same character of each is looked at.
  const step = Math.floor(text.length / LOOKED_AT) | 1;
  for (let at = text.length - 1; at >= LOOKED_AT; at -= step) look = mixed(look, text.charCodeAt(at));
  return look;
}

const mixed = (look: number, value: number): number => (Math.imul(look, 31) + value) | 0;
