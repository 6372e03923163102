import { LRUCache } from 'lru-cache';
import type { Answer } from './answer.js';
import type { GraphCaller } from './graph.js';

/** What an answer takes in memory beside its bytes and those of its key. */
const ENTRY_BYTES = 1_000;
const CHARACTER_BYTES = 2;

/** What may be sent again: answers of reads, by everything they depend on. */
export class AnswerMemory {
  readonly #answers: LRUCache<string, Answer>;

  constructor(mostBytes: number) {
    this.#answers = new LRUCache({
      maxSize: mostBytes,
      sizeCalculation: ({ bytes }, key) => ENTRY_BYTES + bytes.length + CHARACTER_BYTES * key.length,
    });
  }

  get(key: string): Answer | undefined {
    return this.#answers.get(key);
  }

  set(key: string, answer: Answer): void {
    this.#answers.set(key, answer);
  }
}

/**
 * The credential is part of it although the revision is made for a caller: a revision that two users share must not show
 * one of them what the other may see. No part can hold a line feed, so no two sets of parts make the same text.
 */
export function answerKey(route: string, search: string, revision: string, caller: GraphCaller): string {
  return `${route}\n${search}\n${revision}\n${caller.credential ?? ''}\n${caller.csrfToken ?? ''}\n${caller.credential === undefined ? caller.address : ''}`;
}
