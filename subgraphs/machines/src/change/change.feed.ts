import { randomUUID } from 'node:crypto';
import { EventQueue, subgraphUnavailable, type EventLog, type Revisions } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

/** The revision topic that counts every change to what `machines` answers to anybody. */
export const INVENTORY = 'inventory';

const CREDENTIAL = 'credential:';
const BUFFER = 10_000;

/**
 * What must be known everywhere within a second: ended credentials and a changed inventory. It travels as announcements
 * and not as events, because an event waits for every transaction that is older than its own, also for a long import.
 */
export class ChangeFeed {
  readonly #events: EventLog;
  readonly #revisions: Revisions;
  readonly #stopListening: () => void;
  /** Tells own announcements from others', as own changes are counted before they are heard of. */
  readonly #announcement = `${INVENTORY}:${randomUUID()}`;

  constructor(events: EventLog, revisions: Revisions) {
    this.#events = events;
    this.#revisions = revisions;
    this.#stopListening = events.onAnnouncement({
      heard: (text) => {
        if (text.startsWith(INVENTORY) && text !== this.#announcement) revisions.bump(INVENTORY);
      },
      missed: () => revisions.bump(INVENTORY),
    });
  }

  /** Tells when the transaction commits that credentials ended: a session's or token's id, or a user's for all of theirs. */
  async credentialsEnded(em: EntityManager, ...ids: string[]): Promise<void> {
    await this.#events.announce(em, ...ids.map((id) => CREDENTIAL + id));
  }

  /**
   * Runs a change to the inventory, counts it before it is acknowledged, and tells other processes when it commits.
   * @param change gets a transaction of its own
   */
  async inventoryChange<Result>(em: EntityManager, change: (em: EntityManager) => Promise<Result>): Promise<Result> {
    const result = await em.fork().transactional(async (transaction) => {
      const changed = await change(transaction);
      await this.#events.announce(transaction, this.#announcement);
      return changed;
    });
    this.#revisions.bump(INVENTORY);
    return result;
  }

  /**
   * Ids of credentials as they end. The stream fails the moment it could miss one, so that whoever caches credentials
   * while it is up never trusts an ended one for longer than it takes to notice.
   */
  endedCredentials(): AsyncIterableIterator<string> {
    const ids = new EventQueue<string>(BUFFER, () => stop());
    const fail = () => ids.fail(subgraphUnavailable({ subgraph: 'machines' }));
    const stop = this.#events.onAnnouncement({
      heard: (text) => {
        if (text.startsWith(CREDENTIAL) && !ids.push(text.slice(CREDENTIAL.length))) fail();
      },
      missed: fail,
    });
    return ids;
  }

  stop(): void {
    this.#stopListening();
  }
}
