import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Store } from '../drivers/store/store.js';
import type { FileSet } from './file-set.entity.js';

/** Where files lie that administrators have put into the store; we never change them. */
export const SHARED = 'shared/';

/** Removes sets that are given up or deleted: their files first, so that no file is ever without a row. */
export class FileSetRemoval {
  constructor(private readonly parts: { fork: () => EntityManager; store: Store }) {}

  /** May be repeated. @throws StoreError */
  async remove({ id, prefix }: Pick<FileSet, 'id' | 'prefix'>, signal: AbortSignal): Promise<void> {
    if (!prefix.startsWith(SHARED)) await this.parts.store.deleteAll(prefix, signal);
    await sql(this.parts.fork(), `delete from ai_arts.file_set where id = $1 and state in ('FAILED', 'DELETING')`, [id]);
  }
}
