import { Cancellation, type Cancellable } from '../timing/cancellation.js';

/** What two equal queries have in common: all of these, one by one; the first is what tells most of them apart. */
export type QueryKey = readonly [string, ...(string | number | boolean | undefined)[]];

/** Of lists of queries that look alike. */
const LISTS = 1_024;
/** Of queries in one list, which are all compared with a new one, at once. */
const MOST_ALIKE = 16;
/** Characters of the first text that are looked at, spread over it, and of each other one. */
const LOOKED_AT = 32;
const LOOKED_AT_OF_OTHERS = 8;

/**
 * Identical queries that are under way at the same time are asked once. A query that begins after a change has ended
 * never shares an answer that was asked for before it. The work ends when none who asked is waiting any more.
 */
export class SharedQueries<Result> {
  /**
   * By what they look like: the hash of a whole text of some kilobytes costs as much as everything else here. No `Map`: V8 gives one that
   * things come into and leave all the time a new table again and again, and each table refers to the next. One that has become old keeps
   * all later ones, with what was in them, from being collected in passing.
   */
  readonly #underway: SharedQuery<Result>[][] = Array.from({ length: LISTS }, () => []);
  readonly #lastIsAnswered: boolean;

  /** @param lastIsAnswered whether who gives up last gets what becomes of the work that is ended with that, instead of the reason at once */
  constructor({ lastIsAnswered = false }: { lastIsAnswered?: boolean } = {}) {
    this.#lastIsAnswered = lastIsAnswered;
  }

  /** Something has changed: whoever asks from now on gets an answer of its own. */
  changed(): void {
    for (const alike of this.#underway) alike.length = 0;
  }

  /** @throws the reason of the cancellation, for who gives up while others wait */
  run(key: QueryKey, cancellation: Cancellation, work: (cancellation: Cancellation) => Promise<Result>): Promise<Result> {
    if (cancellation.isCancelled) return Promise.reject(cancellation.reason);
    const alike = this.#underway[lookOf(key) & (LISTS - 1)]!;
    const known = alike.find((query) => isEqual(query.key, key));
    if (known) return known.answer(cancellation);
    const query = new SharedQuery<Result>(key, this.#lastIsAnswered, () => forget(alike, query));
    if (alike.length < MOST_ALIKE) alike.push(query);
    const answer = query.answer(cancellation);
    query.begin(work);
    return answer;
  }
}

function forget<Query>(queries: Query[], query: Query): void {
  const place = queries.indexOf(query);
  if (place !== -1) queries.splice(place, 1);
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
function lookOf([first, ...others]: QueryKey): number {
  let look = looked(first, LOOKED_AT, 0);
  for (const other of others) {
    if (typeof other === 'string') look = looked(other, LOOKED_AT_OF_OTHERS, look);
    else if (typeof other === 'number') look = mixed(look, other);
  }
  return look;
}

function looked(text: string, characters: number, before: number): number {
  // Odd, so that in a list of things of one length not the same character of each is looked at.
  const step = Math.floor(text.length / characters) | 1;
  let look = mixed(before, text.length);
  for (let at = text.length - 1; at >= 0; at -= step) look = mixed(look, text.charCodeAt(at));
  return look;
}

const mixed = (look: number, value: number): number => (Math.imul(look, 31) + value) | 0;
