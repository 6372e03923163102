import { mayAccessOwned, sql, type RequestScope } from '@hutong/common';
import { LockMode, UniqueConstraintViolationException, type EntityManager, type RequiredEntityData } from '@mikro-orm/postgresql';
import { nameTaken, notYours } from '../errors.js';
import { FileSet } from '../files/file-set.entity.js';
import type { FileSets, ResolvedPath } from '../files/file-sets.js';
import type { Artifact } from './artifact.entity.js';
import { measured } from './artifact.files.js';
import type { ArtifactKind } from './artifact.kind.js';
import { artifactIdOf, readDescription, readLabel, readName, type ArtifactRequest } from './artifact.request.js';
import type { UpdateArtifactInput } from './artifact.types.js';

type Scope = Pick<RequestScope, 'em' | 'caller'>;

/** The claims of jobs that may run, with their names. */
const RUNNING_USERS = `
  select coalesce(lower(job.kind) || ' ' || job.id, claimant) as "user" from ai_arts.file_set_claim
  left join ai_arts.job on claimant = 'run:' || job.id
  where file_set_id = $1 and claimant like 'run:%' limit 1`;

/** The rows of datasets or of models. */
export class ArtifactStore<Row extends Artifact> {
  constructor(
    private readonly kind: ArtifactKind<Row>,
    private readonly files: FileSets,
  ) {}

  /** One of this id; null when there is none. @throws NOT_YOURS for somebody else's that is private */
  async find({ em, caller }: Scope, id: string, field = 'id'): Promise<Row | null> {
    const number = artifactIdOf(id);
    const row = number === undefined ? null : ((await em.fork().findOne(this.kind.entity, { id: number, deletedAt: null })) as Row | null);
    if (row?.isPrivate && !mayAccessOwned(caller, row.ownerId)) throw notYours({ field });
    return row;
  }

  /** The same where there must be one. @throws DATASET_NOT_FOUND or MODEL_NOT_FOUND, NOT_YOURS */
  async require(scope: Scope, id: string, field = 'id'): Promise<Row> {
    const row = await this.find(scope, id, field);
    if (!row) throw this.kind.notFound({ id, field });
    return row;
  }

  /** Whether the caller may take a name, as far as that can be told before. @throws NAME_TAKEN */
  async requireFree({ em, caller }: Scope, { name, version }: ArtifactRequest): Promise<void> {
    const taken = await em.fork().count(this.kind.entity, { ownerId: caller.userId ?? '', name, version, deletedAt: null });
    if (taken > 0) throw nameTaken({ name, field: 'input.name' });
  }

  /** Makes one of the files that a path names, which are kept from now on. @throws NAME_TAKEN, PATH_MISSING when the files are gone, NOT_YOURS for somebody else's */
  async create({ em, caller }: Scope, request: ArtifactRequest, resolved: ResolvedPath, special: Partial<Row>): Promise<Row> {
    if (!mayAccessOwned(caller, resolved.fileSet.ownerId)) throw notYours({ field: 'input.path' });
    const now = new Date();
    const files = await measured(em, resolved);
    return this.#unlessTaken(request.name, () =>
      em.fork().transactional(async (tx) => {
        const values = { ...request, ...files, ...special, ownerId: caller.userId ?? '', creator: caller.username ?? '', createdAt: now, updatedAt: now };
        if (request.alias !== null) await this.#takeAlias(tx, values);
        const row = tx.create(this.kind.entity, values as unknown as RequiredEntityData<Row>) as Row;
        await tx.flush();
        await this.files.claim(tx, files.fileSetId, `${this.kind.name}:${row.id}`);
        if (!request.isPrivate && files.fileCount === resolved.fileSet.fileCount) await tx.nativeUpdate(FileSet, { id: files.fileSetId }, { isPrivate: false });
        return row;
      }),
    );
  }

  /** Changes what is said of one. @throws BAD_INPUT, NAME_TAKEN, DATASET_NOT_FOUND or MODEL_NOT_FOUND, NOT_YOURS */
  async update(scope: Scope, { id, name, alias, description, isPrivate }: UpdateArtifactInput): Promise<Row> {
    const known = await this.#own(scope, id, 'input.id');
    const changed = {
      ...(name == null ? {} : { name: readName(name) }),
      ...(alias == null ? {} : { alias: alias === '' ? null : readLabel('input.alias', alias) }),
      ...(description == null ? {} : { description: readDescription(description) }),
      ...(isPrivate == null ? {} : { isPrivate }),
    };
    return this.#unlessTaken(name ?? known.name, () =>
      scope.em.fork().transactional(async (tx) => {
        const row = await this.#held(tx, known.id, id);
        Object.assign(row, changed, { updatedAt: new Date() });
        if (row.alias !== null) await this.#takeAlias(tx, row);
        await tx.flush();
        await this.#showFiles(tx, row);
        return row;
      }),
    );
  }

  /** Deletes one: nobody sees it any more, its name is free, and its files go after a time of grace. @throws DATASET_IN_USE or MODEL_IN_USE, DATASET_NOT_FOUND or MODEL_NOT_FOUND, NOT_YOURS */
  async delete(scope: Scope, id: string): Promise<void> {
    const known = await this.#own(scope, id, 'id');
    await scope.em.fork().transactional(async (tx) => {
      const row = await this.#held(tx, known.id, id);
      // Whoever begins to use the files holds their row.
      await tx.findOne(FileSet, row.fileSetId, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const [using] = await sql<{ user: string }>(tx, RUNNING_USERS, [row.fileSetId]);
      if (using) throw this.kind.inUse({ user: using.user, field: 'id' });
      Object.assign(row, { deletedAt: new Date(), alias: null });
      await tx.flush();
      await this.#showFiles(tx, row);
      await this.files.release(tx, `${this.kind.name}:${row.id}`);
    });
  }

  async #own(scope: Scope, id: string, field: string): Promise<Row> {
    const row = await this.require(scope, id, field);
    if (!mayAccessOwned(scope.caller, row.ownerId)) throw notYours({ field });
    return row;
  }

  async #held(tx: EntityManager, number: number, id: string): Promise<Row> {
    const row = (await tx.findOne(this.kind.entity, { id: number, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE })) as Row | null;
    if (!row) throw this.kind.notFound({ id });
    return row;
  }

  /** One version of a name has an alias: the others lose it. */
  async #takeAlias(tx: EntityManager, { ownerId, name, alias, id }: Pick<Artifact, 'ownerId' | 'name' | 'alias'> & { id?: number }): Promise<void> {
    const others = { ownerId, name, alias, deletedAt: null, ...(id === undefined ? {} : { id: { $ne: id } }) };
    await tx.nativeUpdate(this.kind.entity, others, { alias: null } as never);
  }

  /** The files are public as long as something public is made of all of them; of a part, see `isPublicPart`. */
  async #showFiles(tx: EntityManager, { fileSetId }: Row): Promise<void> {
    await sql(
      tx,
      `update ai_arts.file_set set is_private = not exists (
         select from ai_arts.dataset a where a.file_set_id = $1 and not a.is_private and deleted_at is null and a.file_count = file_set.file_count
         union all select from ai_arts.model a where a.file_set_id = $1 and not a.is_private and deleted_at is null and a.file_count = file_set.file_count)
       where id = $1`,
      [fileSetId],
    );
  }

  async #unlessTaken<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw nameTaken({ name, field: 'input.name', cause: error });
      throw error;
    }
  }
}
