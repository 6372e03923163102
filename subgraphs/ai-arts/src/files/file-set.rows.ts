import { mayBecome, sql } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { uploadFailed } from '../errors.js';
import { contentHashOf } from './content-hash.js';
import { FileSet, type FileEntry } from './file-set.entity.js';
import { FILE_SET_STATES, FileSetState } from './file-set.states.js';
import { SHARED } from './file-set.removal.js';
import { releaseReservation, type StorageQuota } from './storage.quota.js';
import type { UploadEvents, UploadCounts } from './upload.events.js';

const { READY, FAILED } = FileSetState;
const ROWS_AT_ONCE = 5_000;
const NOTHING: UploadCounts = { receivedBytes: 0, unpackedFiles: 0, totalFiles: null };

/** What came to this machine before it becomes a set. */
export interface ArrivedBytes {
  bytes: number;
  /** Id of its reservation. */
  reservation: string;
}

/** Whether its files are there because of it, and go with it. */
const isOurs = ({ prefix }: FileSet): boolean => !prefix.startsWith(SHARED);

/** The rows of sets as everything that changes them does it: short transactions, an event with every state. */
export class FileSetRows {
  constructor(private readonly parts: { fork: () => EntityManager; events: UploadEvents; quota: StorageQuota }) {}

  /**
   * @param arrived what has come of it already, and was counted so far as a reservation
   * @throws FILES_TOO_LARGE, LIMIT_EXCEEDED when its owner has no room for it
   */
  async insert(fileSet: FileSet, arrived?: ArrivedBytes): Promise<void> {
    const { events, quota } = this.parts;
    await this.parts.fork().transactional(async (tx) => {
      await events.append(tx, fileSet, { ...NOTHING, receivedBytes: arrived?.bytes ?? 0 });
      if (arrived) await releaseReservation(tx, arrived.reservation);
      await tx.persist(fileSet).flush();
      await quota.check(tx, fileSet.ownerId, fileSet.countedBytes === 0 && isOurs(fileSet));
    });
  }

  /**
   * Has a set enter a state that its worker brings it to.
   *
   * @throws UPLOAD_FAILED when another process has given it up meanwhile
   */
  become(id: string, state: FileSetState, counts: UploadCounts, change: Partial<FileSet> = {}): Promise<FileSet> {
    return this.parts.fork().transactional(async (tx) => this.#step(tx, id, state, counts, change));
  }

  /** What has its owner's quota count so many bytes for a set that arrives; undefined where bytes are not limited. It throws FILES_TOO_LARGE. */
  counterOf({ id, ownerId }: Pick<FileSet, 'id' | 'ownerId'>): ((bytes: number) => Promise<void>) | undefined {
    if (!this.parts.quota.limitsBytes) return undefined;
    return (bytes) =>
      this.parts.fork().transactional(async (tx) => {
        await sql(tx, `update ai_arts.file_set set counted_bytes = $2 where id = $1 and state in ('RECEIVING', 'UNPACKING')`, [id, bytes]);
        await this.parts.quota.check(tx, ownerId);
      });
  }

  /** Writes down the files of a set that is whole. @throws UPLOAD_FAILED, FILES_TOO_LARGE when its owner has no room for it */
  ready(id: string, files: readonly FileEntry[], counts: UploadCounts): Promise<FileSet> {
    const contentHash = contentHashOf(files);
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const [only] = files;
    const sha256 = files.length === 1 ? only!.sha256 : contentHash;
    return this.parts.fork().transactional(async (tx) => {
      const fileSet = await this.#step(tx, id, READY, counts, { sizeBytes, fileCount: files.length, sha256, contentHash, worker: null });
      const before = fileSet.countedBytes;
      for (let from = 0; from < files.length; from += ROWS_AT_ONCE) await insertFiles(tx, id, files.slice(from, from + ROWS_AT_ONCE));
      // Last, as others of the same user wait from here on.
      fileSet.countedBytes = isOurs(fileSet) ? sizeBytes : 0;
      await tx.flush();
      if (fileSet.countedBytes > before) await this.parts.quota.check(tx, fileSet.ownerId);
      return fileSet;
    });
  }

  /** Gives a set up that has not become READY; its files are to be removed. Nothing happens to one that was given up before. */
  async fail(id: string, stateReason: string): Promise<void> {
    await this.parts.fork().transactional(async (tx) => {
      const fileSet = await tx.findOne(FileSet, id, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!fileSet || !mayBecome(FILE_SET_STATES, fileSet.state, FAILED)) return;
      Object.assign(fileSet, { state: FAILED, stateReason, worker: null, expiresAt: new Date() });
      await tx.flush();
      await this.parts.events.append(tx, fileSet, NOTHING);
    });
  }

  /** The files of a set, by their paths as bytes. */
  filesOf(em: EntityManager, id: string): Promise<FileEntry[]> {
    return sql<FileEntry>(em, `select path, size_bytes::float8 as "sizeBytes", sha256 from ai_arts.file_set_file where file_set_id = $1 order by path`, [id]);
  }

  async #step(tx: EntityManager, id: string, state: FileSetState, counts: UploadCounts, change: Partial<FileSet>): Promise<FileSet> {
    const fileSet = await tx.findOne(FileSet, id, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!fileSet || !mayBecome(FILE_SET_STATES, fileSet.state, state)) throw uploadFailed({ words: 'the upload was given up meanwhile; upload again' });
    Object.assign(fileSet, change, { state });
    await tx.flush();
    await this.parts.events.append(tx, fileSet, counts);
    return fileSet;
  }
}

async function insertFiles(tx: EntityManager, id: string, files: readonly FileEntry[]): Promise<void> {
  await sql(
    tx,
    `insert into ai_arts.file_set_file (file_set_id, path, size_bytes, sha256) select $1, path, size_bytes, sha256 from unnest($2::text[], $3::bigint[], $4::text[]) as file (path, size_bytes, sha256)`,
    [id, files.map(({ path }) => path), files.map(({ sizeBytes }) => sizeBytes), files.map(({ sha256 }) => sha256)],
  );
}
