import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { isUuid, sql, type Caller, type Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { StoreError, type Store } from '../drivers/store/store.js';
import type { AiArtsSettings } from '../environment.js';
import { imageNotFound } from '../errors.js';
import { asShown } from '../files/store.failure.js';
import { KeptImage, type ImageKind } from './image.entity.js';

interface KeeperParts {
  fork: () => EntityManager;
  store: Store;
  settings: Pick<AiArtsSettings, 'inferenceImages'>;
  log: Log;
}

/** A picture that is to be kept. */
export interface NewImage {
  ownerId: string;
  serviceId: string;
  kind: ImageKind;
}

const REMOVAL_MS = 60_000;
const AT_ONCE = 1_000;
/** Long enough for whoever is told of a drawn picture to get it. */
const DRAWN_MS = 600_000;

const DUE = 'select id from ai_arts.image where expires_at <= now() order by expires_at limit $1';
/** Of a user's pictures of one kind, all but the newest go. */
const CROWD_OUT = `
  update ai_arts.image set expires_at = now() where id in (
    select id from ai_arts.image where owner_id = $1 and kind = $2 and size_bytes is not null and expires_at > now() order by created_at desc, id desc offset $3
  )`;

/** Pictures in the store, each with a row that is there before its bytes and goes after them. */
export class ImageKeeper {
  constructor(private readonly parts: KeeperParts) {}

  /** Keeps the bytes of a picture for a while. Of a user's pictures the oldest go when there are too many. @throws STORE_UNAVAILABLE, STORE_FULL, what `bytes` fails with */
  async keep({ ownerId, serviceId, kind }: NewImage, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<KeptImage> {
    const { fork, store, settings: { inferenceImages: limits } } = this.parts;
    const createdAt = new Date();
    const lifetimeMs = kind === 'DRAWN' ? DRAWN_MS : limits.lifetimeMs;
    const image = Object.assign(new KeptImage(), { id: randomUUID(), ownerId, serviceId, kind, createdAt, expiresAt: new Date(createdAt.getTime() + lifetimeMs) });
    await fork().persist(image).flush();
    try {
      const { sizeBytes } = await store.put(keyOf(image), bytes, signal);
      const isKept = await fork().nativeUpdate(KeptImage, { id: image.id }, { sizeBytes });
      if (isKept === 0) await this.#discard(image);
      await sql(fork(), CROWD_OUT, [ownerId, kind, limits.perUser]);
      return Object.assign(image, { sizeBytes });
    } catch (error) {
      await this.#expire(image.id);
      throw asShown(error);
    }
  }

  /**
   * A picture that the caller has uploaded.
   *
   * @param id by default the one that came last for the service
   * @throws IMAGE_NOT_FOUND also for somebody else's
   */
  async find({ userId }: Caller, serviceId: string, id: string | null): Promise<KeptImage> {
    const whose = { ownerId: userId ?? '', kind: 'UPLOADED' as const, sizeBytes: { $ne: null }, expiresAt: { $gt: new Date() } };
    const which = id === null ? { serviceId } : { id };
    const found = id !== null && !isUuid(id) ? null : await this.parts.fork().findOne(KeptImage, { ...whose, ...which }, { orderBy: { createdAt: 'desc', id: 'desc' } });
    if (!found) throw imageNotFound({ id, field: 'input.imageId' });
    return found;
  }

  /** One that a link leads to; null when it is gone. */
  drawn(id: string): Promise<KeptImage | null> {
    return this.parts.fork().findOne(KeptImage, { id, kind: 'DRAWN', sizeBytes: { $ne: null }, expiresAt: { $gt: new Date() } });
  }

  /** @throws IMAGE_NOT_FOUND when it has gone meanwhile, STORE_UNAVAILABLE */
  async read(image: KeptImage, signal: AbortSignal): Promise<Readable> {
    try {
      return await this.parts.store.get(keyOf(image), signal);
    } catch (error) {
      throw error instanceof StoreError && error.fault === 'NOT_FOUND' ? imageNotFound({ id: image.id, cause: error }) : asShown(error);
    }
  }

  /** Removes what has expired; may be repeated, by any number of processes. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { fork, store } = this.parts;
    let refusal: StoreError | undefined;
    for (const { id } of await sql<{ id: string }>(fork(), DUE, [AT_ONCE])) {
      signal.throwIfAborted();
      try {
        await store.delete(keyOf({ id }), AbortSignal.any([signal, AbortSignal.timeout(REMOVAL_MS)]));
        await fork().nativeDelete(KeptImage, { id, expiresAt: { $lte: new Date() } });
      } catch (error) {
        // A store that is away has none of them removed; one that does not let go of this picture may let go of others.
        if (!(error instanceof StoreError) || error.fault === 'UNREACHABLE') throw error;
        refusal ??= error;
      }
    }
    if (refusal) throw refusal;
  }

  /** Its time was over before its bytes were there, and nobody else knows of them. */
  async #discard(image: KeptImage): Promise<never> {
    await this.parts.store.delete(keyOf(image), AbortSignal.timeout(REMOVAL_MS));
    throw imageNotFound({ id: image.id });
  }

  async #expire(id: string): Promise<void> {
    await sql(this.parts.fork(), 'update ai_arts.image set expires_at = now() where id = $1', [id]).catch((err: unknown) => this.parts.log.warn({ err, image: id }, 'a picture that was not kept is removed when its time is over'));
  }
}

const keyOf = ({ id }: Pick<KeptImage, 'id'>): string => `images/${id}`;
