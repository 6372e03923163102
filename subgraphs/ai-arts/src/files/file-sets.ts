import path from 'node:path';
import { isAdmin, preparedSql, sql, type Log, type PreparedStatement, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Store } from '../drivers/store/store.js';
import type { AiArtsSettings } from '../environment.js';
import { filesTooLarge, pathInvalid, pathMissing } from '../errors.js';
import { claimFileSet, releaseFileSets, type Claimant } from './file-set.claims.js';
import { bodyOf } from './file-set.draft.js';
import { FileSet, FilePurpose } from './file-set.entity.js';
import type { FileSetRows } from './file-set.rows.js';
import { FileSetState } from './file-set.states.js';
import type { Intake } from './intake.js';
import { isPublicPart } from './public-part.js';
import { checkedPath } from './relative-path.js';
import { writeFiles, type Stageable, type StagingCache } from './staging.cache.js';
import { asShown } from './store.failure.js';
import { filesWritten } from './written-folder.js';

export interface FileSetsParts {
  fork: () => EntityManager;
  store: Store;
  rows: FileSetRows;
  intake: Intake;
  cache: StagingCache;
  settings: Pick<AiArtsSettings, 'deletedMs' | 'unpack' | 'dataDirectory'>;
  log: Log;
}

/** A path that a caller gave, found. */
export interface ResolvedPath {
  fileSet: FileSet;
  /** What it names in the set, a folder or a file; empty: all of it. */
  folder: string;
}

const PATH = /^(?<purpose>code|dataset|model)\/(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/(?<rest>.+))?$/s;

interface FoundSet extends Record<string, unknown> {
  has_folder: boolean;
  has_start_file: boolean;
}

/** A READY set, whether it has the folder or file `$2`, and whether it has the file `$3`. */
const FIND: PreparedStatement = {
  name: 'find a set of files',
  text: `
    select file_set.*,
      exists (select from ai_arts.file_set_file where file_set_id = id and (path = $2 or starts_with(path, $2 || '/'))) as has_folder,
      exists (select from ai_arts.file_set_file where file_set_id = id and path = $3) as has_start_file
    from ai_arts.file_set where id = $1 and state = 'READY'`,
};

/** Sets of files for whoever works with them: found by their paths, brought to this machine's disk, made of what was written there. */
export class FileSets {
  constructor(private readonly parts: FileSetsParts) {}

  /**
   * What a path that an upload answered names, with an optional path behind it.
   *
   * @param purpose what it must have been uploaded for; undefined: anything
   * @throws PATH_INVALID, PATH_MISSING also for what is not READY or somebody else's and private
   */
  async resolve(scope: Pick<RequestScope, 'em' | 'caller'>, given: string, purpose?: FilePurpose, field?: string): Promise<ResolvedPath> {
    return this.#resolve(scope, given, purpose, field);
  }

  /** The same for code that one of its files starts, a path in what is named; and whether that is there. */
  resolveProgram(scope: Pick<RequestScope, 'em' | 'caller'>, given: string, startFile: string, field: string): Promise<ResolvedPath & { hasStartFile: boolean }> {
    return this.#resolve(scope, given, FilePurpose.CODE, field, startFile);
  }

  /** Whether a set has a file of exactly this path. */
  async hasFile(em: EntityManager, fileSetId: string, filePath: string): Promise<boolean> {
    return (await sql(em, 'select from ai_arts.file_set_file where file_set_id = $1 and path = $2', [fileSetId, filePath])).length > 0;
  }

  /**
   * The absolute folder with the files of a set, read-only, under their paths in it; kept at least while a living job uses the set.
   * A job's row must name the set before this is asked for.
   *
   * @throws PATH_MISSING when it is deleted, STORE_UNAVAILABLE, STORE_FULL for this machine's disk, the signal's reason
   */
  async stage(fileSetId: string, signal: AbortSignal): Promise<string> {
    return this.parts.cache.stage(await this.#stageable(fileSetId), signal).catch((error: unknown) => this.#rethrow(error, fileSetId, signal));
  }

  /** Writes the files of a set into a folder, which is made, to be changed there. Faults as of {@link stage}; what is written when it fails stays. */
  async copyTo(fileSetId: string, folder: string, signal: AbortSignal): Promise<void> {
    const of = await this.#stageable(fileSetId);
    await writeFiles(this.parts.store, of, folder, signal).catch((error: unknown) => this.#rethrow(error, fileSetId, signal));
  }

  /**
   * Makes what a job wrote below the data folder, a folder or one file, a private set; the original stays. It expires like an upload unless it is claimed.
   *
   * @throws PATH_INVALID for links, devices and names that a set may not have, PATH_MISSING when there is no file, FILES_TOO_LARGE, STORE_UNAVAILABLE, STORE_FULL
   */
  async adopt(ownerId: string, folderOrFile: string, purpose: FilePurpose, signal: AbortSignal): Promise<FileSet> {
    const { unpack: limit, dataDirectory } = this.parts.settings;
    const name = path.basename(folderOrFile);
    return this.parts.intake.make({ ownerId, purpose, isPrivate: true }, signal, async (draft) => {
      let files = 0;
      let bytes = 0;
      for await (const { path: relative, handle } of filesWritten(dataDirectory, folderOrFile)) {
        const { size } = await handle.stat();
        bytes += size;
        if (++files > limit.files) throw filesTooLarge({ name, limit: `it has more than ${limit.files} files (AI_ARTS_UNPACKED_FILES)` });
        if (bytes > limit.bytes) throw filesTooLarge({ name, limit: `it has more than ${limit.bytes} bytes (AI_ARTS_UNPACKED_BYTES)` });
        // No further than was looked at: a program that is not over yet may write on.
        await draft.put(relative, handle.createReadStream({ autoClose: false, start: 0, end: Math.max(0, size - 1) }) as AsyncIterable<Uint8Array>);
      }
      if (files === 0) throw pathMissing({ path: name });
    });
  }

  /** Makes a text a private set of one file of code. @throws PATH_INVALID, STORE_UNAVAILABLE, STORE_FULL */
  async writeInline(ownerId: string, name: string, text: string, signal: AbortSignal): Promise<FileSet> {
    const checked = checkedPath(name);
    return this.parts.intake.make({ ownerId, purpose: FilePurpose.CODE, isPrivate: true, expectedBytes: Buffer.byteLength(text) }, signal, (draft) => draft.put(checked, bodyOf(Buffer.from(text))));
  }

  /** Keeps a set for as long as the claim is there, if and only if the transaction commits. @throws PATH_MISSING when it is not READY any more */
  claim(tx: EntityManager, fileSetId: string, claimant: Claimant): Promise<FileSet> {
    return claimFileSet(tx, fileSetId, claimant);
  }

  /** Ends all claims of a claimant, if and only if the transaction commits; what nobody else claims is deleted after a time of grace. */
  release(tx: EntityManager, claimant: Claimant): Promise<void> {
    return releaseFileSets(tx, claimant, this.parts.settings.deletedMs);
  }

  /** Deletes a set that nobody claims, after a time of grace; any other stays. May be repeated. */
  async discard(fileSetId: string, graceMs: number = this.parts.settings.deletedMs): Promise<void> {
    await sql(
      this.parts.fork(),
      `update ai_arts.file_set set state = 'DELETING', expires_at = now() + $2 * interval '1 millisecond'
       where id = $1 and state = 'READY' and not exists (select from ai_arts.file_set_claim where file_set_id = id)`,
      [fileSetId, graceMs],
    );
  }

  async #resolve({ em, caller }: Pick<RequestScope, 'em' | 'caller'>, given: string, purpose?: FilePurpose, field?: string, startFile = ''): Promise<ResolvedPath & { hasStartFile: boolean }> {
    const place = field === undefined ? {} : { field };
    const relative = checkedPath(given, field);
    const { purpose: named, id, rest } = PATH.exec(relative)?.groups ?? {};
    if (id === undefined || named === undefined) throw pathInvalid({ path: given, problem: 'expected the path that an upload answered, such as dataset/<id>', ...place });
    const folder = rest ?? '';
    const [found] = await preparedSql<FoundSet>(em, FIND, [id, folder, folder === '' ? startFile : `${folder}/${startFile}`]);
    const fileSet = found && em.fork().map(FileSet, found);
    const isThere = fileSet?.purpose.toLowerCase() === named && (purpose === undefined || fileSet.purpose === purpose);
    const isVisible = fileSet && (!fileSet.isPrivate || isAdmin(caller) || fileSet.ownerId === caller.userId || (await isPublicPart(em, id, folder)));
    if (!isThere || !isVisible) throw pathMissing({ path: given, ...place });
    if (folder !== '' && !found.has_folder) throw pathMissing({ path: given, ...place });
    return { fileSet, folder, hasStartFile: found.has_start_file };
  }

  async #stageable(id: string): Promise<Stageable> {
    const em = this.parts.fork();
    const { READY, DELETING } = FileSetState;
    const fileSet = await em.findOne(FileSet, { id, state: { $in: [READY, DELETING] } });
    if (!fileSet?.contentHash) throw pathMissing({ path: id });
    const { prefix, sizeBytes, contentHash } = fileSet;
    return { fileSet: { id, prefix, sizeBytes, contentHash }, files: await this.parts.rows.filesOf(em, id) };
  }

  /** Files that are gone from the store because their set was deleted meanwhile are told as that. */
  async #rethrow(error: unknown, id: string, signal: AbortSignal): Promise<never> {
    if (signal.aborted) throw signal.reason;
    const isGone = (await this.parts.fork().findOne(FileSet, id, { fields: ['id'] })) === null;
    throw isGone ? pathMissing({ path: id }) : asShown(error);
  }
}
