import { limitExceeded, sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { filesTooLarge } from '../errors.js';

/** What one user may have in the store; 0: any number. */
export interface StorageLimits {
  bytes: number;
  sets: number;
}

/** What one user has in the store, and may have. */
export interface StorageUse {
  usedBytes: number;
  deletedBytes: number;
  quotaBytes: number | null;
  setCount: number;
  mostSets: number | null;
}

/** Room for a resumable upload that is no set of files yet. */
export interface Reservation {
  id: string;
  ownerId: string;
  bytes: number;
  lifetimeMs: number;
}

/**
 * Holds users to what they may have in the store. The database counts what their sets and reservations hold, and keeps
 * whoever counts for the same user waiting until the end of the transaction, so that of uploads beside each other those
 * that fit are taken and the others refused.
 */
export class StorageQuota {
  constructor(private readonly parts: { fork: () => EntityManager; limits: StorageLimits }) {}

  /** Whether bytes are limited at all. */
  get limitsBytes(): boolean {
    return this.parts.limits.bytes > 0;
  }

  /**
   * To be asked in the transaction that has added, before it commits.
   *
   * @param isOpen whether more is to come, of which nobody knows how much: there must be some room left
   * @throws FILES_TOO_LARGE, LIMIT_EXCEEDED
   */
  async check(tx: EntityManager, ownerId: string, isOpen = false): Promise<void> {
    const { limits } = this.parts;
    if (limits.bytes === 0 && limits.sets === 0) return;
    const { bytes, sets } = await usageOf(tx, ownerId);
    if (limits.sets > 0 && sets > limits.sets) throw limitExceeded({ limit: 'uploads and other sets of files of one user (AI_ARTS_USER_SETS)', allowed: String(limits.sets) });
    const isOver = bytes > limits.bytes || (isOpen && bytes === limits.bytes);
    if (limits.bytes > 0 && isOver) throw filesTooLarge({ name: 'the upload', limit: `all files of a user may have ${limits.bytes} bytes together (AI_ARTS_USER_BYTES), deleted ones until they are removed; \`storage\` tells how many yours have` });
  }

  /**
   * Keeps room for an upload that is to come in parts, until it becomes a set, is given up, or its time is over.
   *
   * @param most how many reservations the user may have
   * @throws FILES_TOO_LARGE, LIMIT_EXCEEDED
   */
  async reserve(reservation: Reservation, most: number): Promise<void> {
    await this.parts.fork().transactional(async (tx) => {
      await insertReservation(tx, reservation);
      const [{ count } = { count: 0 }] = await sql<{ count: number }>(tx, 'select count(*)::integer as count from ai_arts.file_reservation where owner_id = $1 and expires_at > now()', [reservation.ownerId]);
      if (count > most) throw limitExceeded({ limit: 'resumable uploads that are not whole (AI_ARTS_RESUMABLE_UPLOADS)', allowed: String(most) });
      await this.check(tx, reservation.ownerId);
    });
  }

  /** Counts an upload again that did not become a set and may be tried again; its bytes are there whatever the quota says. */
  async reserveAgain(reservation: Reservation): Promise<void> {
    await insertReservation(this.parts.fork(), reservation);
  }

  /** May be repeated. */
  async release(id: string): Promise<void> {
    await releaseReservation(this.parts.fork(), id);
  }

  /** Lets go of reservations whose time is over. */
  async sweep(): Promise<void> {
    await sql(this.parts.fork(), 'delete from ai_arts.file_reservation where expires_at <= now()');
  }

  async useOf(em: EntityManager, ownerId: string): Promise<StorageUse> {
    const { limits } = this.parts;
    const { bytes, sets } = await usageOf(em, ownerId);
    const [{ deleted } = { deleted: 0 }] = await sql<{ deleted: number }>(em, `select coalesce(sum(counted_bytes), 0)::float8 as deleted from ai_arts.file_set where owner_id = $1 and state = 'DELETING'`, [ownerId]);
    return { usedBytes: bytes, deletedBytes: deleted, quotaBytes: limits.bytes || null, setCount: sets, mostSets: limits.sets || null };
  }
}

/** In the transaction in which the upload becomes a set, which is counted from then on. */
export async function releaseReservation(em: EntityManager, id: string): Promise<void> {
  await sql(em, 'delete from ai_arts.file_reservation where id = $1', [id]);
}

async function insertReservation(em: EntityManager, { id, ownerId, bytes, lifetimeMs }: Reservation): Promise<void> {
  await sql(em, `insert into ai_arts.file_reservation (id, owner_id, counted_bytes, expires_at) values ($1, $2, $3, now() + $4 * interval '1 millisecond') on conflict do nothing`, [id, ownerId, bytes, lifetimeMs]);
}

async function usageOf(em: EntityManager, ownerId: string): Promise<{ bytes: number; sets: number }> {
  const [usage] = await sql<{ bytes: number; sets: number }>(em, 'select bytes::float8 as bytes, sets from ai_arts.file_usage where owner_id = $1', [ownerId]);
  return usage ?? { bytes: 0, sets: 0 };
}
