import { preparedSql, type PreparedStatement } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

/** An entry as its columns take it. */
export type AuditRow = [at: Date, actorId: string | null, action: string, subject: string | null, requestId: string, outcome: string];

interface Waiting {
  row: AuditRow;
  written: PromiseWithResolvers<void>;
}

const INSERT: PreparedStatement = {
  name: 'keep audit entries',
  text: `
    insert into machines.audit_entry (at, actor_id, action, subject, request_id, outcome)
    select * from unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])`,
};
const MOST_AT_ONCE = 1_000;

/** Writes entries: while some are being written, those that come wait, and are then written together. */
export class AuditWriter {
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  /** Resolves when the entry is safe. */
  async write(em: EntityManager, row: AuditRow): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#waiting.push({ row, written });
    if (!this.#isWriting) void this.#writeAll(em);
    await written.promise;
  }

  async #writeAll(em: EntityManager): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, MOST_AT_ONCE);
      const columns = Array.from({ length: 6 }, (_, place) => some.map(({ row }) => row[place]));
      await preparedSql(em, INSERT, columns).then(
        () => some.forEach(({ written }) => written.resolve()),
        (error: unknown) => some.forEach(({ written }) => written.reject(error)),
      );
    }
    this.#isWriting = false;
  }
}
