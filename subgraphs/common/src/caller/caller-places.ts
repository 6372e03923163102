import type { Caller } from './caller.js';

/** One caller at the places that it asks from: the same object as long as it asks from the same one, so that what is made of a caller is made once. */
export class CallerPlaces {
  #last: Caller | undefined;

  /** @param caller whatever its address is */
  constructor(readonly caller: Caller) {}

  at(address: string): Caller {
    if (this.#last?.address !== address) this.#last = { ...this.caller, address };
    return this.#last;
  }
}
