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

export interface SharedQueriesOptions<Result> {
  /** Whether who gives up last gets what becomes of the work that is ended with that, instead of the reason at once. */
  lastIsAnswered?: boolean;
  /** Is told of a result that several are about to be given. */
  shared?: (result: Result) => void;
}

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
  readonly #options: SharedQueriesOptions<Result>;

  constructor(options: SharedQueriesOptions<Result> = {}) {
    this.#options = options;
  }

  /** Something has changed: whoever asks from now on gets an answer of its own. */
  changed(): void {
    for (const alike of this.#underway) alike.length = 0;
  }

  /** @throws the reason of the cancellation, for who gives up while others wait */
  run(key: QueryKey, cancellation: Cancellation, work: (cancellation: Cancellation) => Promise<Result>): Promise<Result> {
    if (cancellation.isCancelled) return Promise.reject(cancellation.reason);
    const alike = this.#underway[lookOf(key) & (LISTS - 1)]!;
    for (const query of alike) if (isEqual(query.key, key)) return query.answer(cancellation);
    const query = new SharedQuery<Result>(key, this.#options, alike);
    if (alike.length < MOST_ALIKE) alike.push(query);
    const answer = query.answer(cancellation);
    query.begin(work);
    return answer;
  }
}

/** A query under way; it is cancelled when nobody waits for it. */
class SharedQuery<Result> extends Cancellation {
  readonly #waiting: Waiting<Result>[] = [];
  readonly #options: SharedQueriesOptions<Result>;
  readonly #alike: SharedQuery<Result>[];

  constructor(
    readonly key: QueryKey,
    options: SharedQueriesOptions<Result>,
    /** Those that look like it, where it stands while it may be joined. */
    alike: SharedQuery<Result>[],
  ) {
    super();
    this.#options = options;
    this.#alike = alike;
  }

  begin(work: (cancellation: Cancellation) => Promise<Result>): void {
    work(this).then(
      (result) => this.#succeeded(result),
      (reason: unknown) => this.#failed(reason),
    );
  }

  answer(cancellation: Cancellation): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiting = new Waiting(this, cancellation, resolve, reject);
      this.#waiting.push(waiting);
      cancellation.add(waiting);
    });
  }

  leave(waiting: Waiting<Result>, reason: unknown): void {
    const isLast = this.#waiting.length === 1;
    if (!isLast || !this.#options.lastIsAnswered) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.reject(reason);
    }
    if (!isLast) return;
    this.#forget();
    this.cancel(reason);
  }

  #succeeded(result: Result): void {
    if (this.#waiting.length > 1) this.#options.shared?.(result);
    for (const waiting of this.#ended()) waiting.resolve(result);
  }

  #failed(reason: unknown): void {
    for (const waiting of this.#ended()) waiting.reject(reason);
  }

  /** Who is still waiting when it ends. */
  #ended(): readonly Waiting<Result>[] {
    this.#forget();
    for (const waiting of this.#waiting) waiting.cancellation.remove(waiting);
    return this.#waiting;
  }

  #forget(): void {
    const place = this.#alike.indexOf(this);
    if (place !== -1) this.#alike.splice(place, 1);
  }
}

/** Somebody who waits for a query. */
class Waiting<Result> implements Cancellable {
  constructor(
    private readonly query: SharedQuery<Result>,
    readonly cancellation: Cancellation,
    readonly resolve: (result: Result) => void,
    readonly reject: (reason: unknown) => void,
  ) {}

  cancelled(reason: unknown): void {
    this.query.leave(this, reason);
  }
}

function isEqual(key: QueryKey, other: QueryKey): boolean {
  for (let part = 0; part < key.length; part += 1) if (key[part] !== other[part]) return false;
  return key.length === other.length;
}

/** The same for equal keys, and nearly always another for others. */
function lookOf(key: QueryKey): number {
  let look = looked(key[0], LOOKED_AT, 0);
  for (let part = 1; part < key.length; part += 1) {
    const other = key[part];
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
