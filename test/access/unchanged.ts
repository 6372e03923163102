import { setTimeout as delay } from 'node:timers/promises';
import type { StoredRows } from '../testkit/stored-rows.js';

const TRIES = 4;
const QUIET_TRIES = 40;
const QUIET_MS = 100;

/** Finds out whether refused requests have stored something, beside what the platform stores by itself meanwhile. */
export class Unchanged {
  #before: Record<string, string> | undefined;

  constructor(private readonly stored: StoredRows) {}

  /** What was stored until now is no longer known. */
  forget(): void {
    this.#before = undefined;
  }

  /**
   * Answers the tables that requests change each time they are sent.
   *
   * @param refused whether all of them were refused; where one was not there is nothing to find out
   */
  async by<Answer>(send: () => Promise<Answer>, refused: (answer: Answer) => boolean): Promise<{ answer: Answer; changed: string[] }> {
    for (let left = TRIES; ; left--) {
      const before = (this.#before ??= await this.stored.read());
      const answer = await send();
      if (!refused(answer)) {
        this.forget();
        return { answer, changed: [] };
      }
      const after = (this.#before = await this.stored.read());
      const changed = Object.keys(after).filter((table) => after[table] !== before[table]);
      if (changed.length === 0 || left === 0) return { answer, changed };
      await this.#quiet();
    }
  }

  /** Waits until the platform has stored for a moment what it stores by itself. */
  async #quiet(): Promise<void> {
    for (let left = QUIET_TRIES; left > 0; left--) {
      await delay(QUIET_MS);
      const now = await this.stored.read();
      const isQuiet = JSON.stringify(now) === JSON.stringify(this.#before);
      this.#before = now;
      if (isQuiet) return;
    }
  }
}
