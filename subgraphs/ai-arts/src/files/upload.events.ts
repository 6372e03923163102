import { filterIterator, type Caller, type EventLog, type StoredEvent } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FileSet } from './file-set.entity.js';
import type { FileSetState } from './file-set.states.js';

/** How far an upload has come. */
export interface UploadCounts {
  receivedBytes: number;
  unpackedFiles: number;
  /** Null until the archive has been looked through. */
  totalFiles: number | null;
}

/** An upload whose steps are told: a set of files, or what is to become one. */
export type FollowedUpload = Pick<FileSet, 'id' | 'state' | 'stateReason' | 'ownerId' | 'token'>;

/** What is kept of a step of an upload. */
export interface UploadStep extends UploadCounts {
  state: FileSetState;
  stateReason: string | null;
  ownerId: string;
  token: string | null;
}

const TOPIC = 'upload';

/** How uploads come along, as events. */
export class UploadEvents {
  constructor(private readonly log: EventLog) {}

  append(tx: EntityManager, { id, state, stateReason, ownerId, token }: FollowedUpload, counts: UploadCounts): Promise<void> {
    return this.log.append(tx, { topic: TOPIC, subject: id, payload: { state, stateReason, ownerId, token, ...counts } satisfies UploadStep });
  }

  /** The caller's own uploads, all or those of a token, from now on or from behind `after`. */
  async subscribe(caller: Caller, { token, after }: { token?: string | null | undefined; after?: string | null | undefined }): Promise<AsyncIterableIterator<StoredEvent<UploadStep>>> {
    const events = await this.log.subscribe<UploadStep>({ topic: TOPIC, after: after ?? null });
    return filterIterator(events, ({ payload }) => payload.ownerId === caller.userId && (token == null || payload.token === token));
  }
}
