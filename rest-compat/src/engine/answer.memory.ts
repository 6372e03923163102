import { LRUCache } from 'lru-cache';
import type { Answer } from './answer.js';
import type { GraphCaller } from './graph.js';

/** What an answer takes in memory beside its bytes and those of its key. */
const ENTRY_BYTES = 1_000;
const CHARACTER_BYTES = 2;

/** A question whose answer may be sent again, and the revision that it is good for. */
export interface RememberedQuestion {
  /** The same only for the same question of the same caller. */
  key: string;
  revision: string;
}

interface Kept {
  answer: Answer;
  revision: string;
}

/** What may be sent again: the last answer to each question, while its revision stands. */
export class AnswerMemory {
  readonly #answers: LRUCache<string, Kept>;

  constructor(mostBytes: number) {
    this.#answers = new LRUCache({
      maxSize: mostBytes,
      sizeCalculation: ({ answer, revision }, key) => ENTRY_BYTES + answer.bytes.length + CHARACTER_BYTES * (key.length + revision.length),
    });
  }

  get({ key, revision }: RememberedQuestion): Answer | undefined {
    const kept = this.#answers.get(key);
    return kept?.revision === revision ? kept.answer : undefined;
  }

  /** Takes the place of what was kept for an earlier revision. */
  set({ key, revision }: RememberedQuestion, answer: Answer): void {
    this.#answers.set(key, { answer, revision });
  }
}

/**
 * The credential is part of it although the revision is made for a caller: a revision that two users share must not show
 * one of them what the other may see. No part can hold a line feed, so no two sets of parts make the same text.
 */
export function questionKey(route: string, search: string, caller: GraphCaller): string {
  return `${route}\n${search}\n${caller.credential ?? ''}\n${caller.csrfToken ?? ''}\n${caller.credential === undefined ? caller.address : ''}`;
}
