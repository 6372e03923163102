import { randomUUID } from 'node:crypto';
import { forbidden, Seal, sql, type Caller } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';

/** What a link to a notebook says. */
export interface NotebookLink {
  notebookId: string;
  /** Whose link it is, and the credential that it was asked for with. */
  userId: string;
  credentialId: string;
  nonce: string;
}

const link = z.object({ notebookId: z.string(), userId: z.string(), credentialId: z.string(), nonce: z.uuid() });

const LIFETIME_MS = 120_000;
const SECONDS_KEPT = 600;

/** Texts by which a browser begins a session with a notebook: each is good once, for two minutes. */
export class NotebookLinks {
  readonly #seal: Seal<NotebookLink>;

  constructor(secret: string, now?: () => number) {
    this.#seal = new Seal({ secret, purpose: 'notebook link', schema: link, now });
  }

  /** A new one; undefined for a caller without a credential, whose session nothing would end. */
  make(notebookId: string, { userId, credentialId }: Caller): string | undefined {
    if (userId === null || credentialId === null) return undefined;
    return this.#seal.close({ notebookId, userId, credentialId, nonce: randomUUID() }, LIFETIME_MS);
  }

  /** What it says, once. @throws FORBIDDEN when it was used, its time is over, or it is for another notebook */
  async use(em: EntityManager, notebookId: string, text: string | undefined): Promise<NotebookLink> {
    const opened = this.#seal.open(text);
    if (opened?.notebookId !== notebookId || !(await this.#isFirstUse(em, opened.nonce))) throw forbidden({ reason: 'This link was used, has expired, or is none; ask for a new one (openUrl of the notebook).' });
    return opened;
  }

  /** Forgets those that have expired. */
  async forgetOld(em: EntityManager): Promise<void> {
    await sql(em, 'delete from ai_arts.used_link where expires_at < now()');
  }

  async #isFirstUse(em: EntityManager, nonce: string): Promise<boolean> {
    const used = await sql(em, `insert into ai_arts.used_link (nonce, expires_at) values ($1, now() + $2 * interval '1 second') on conflict do nothing returning nonce`, [nonce, SECONDS_KEPT]);
    return used.length > 0;
  }
}
