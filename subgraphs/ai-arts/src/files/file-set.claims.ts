import { sql } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { pathMissing } from '../errors.js';
import { FileSet } from './file-set.entity.js';
import { FileSetState } from './file-set.states.js';

/** Who keeps a set of files: `dataset:7`; `job:<uuid>` as long as the job's record is there, `run:<uuid>` as long as it may run. */
export type Claimant = `${'dataset' | 'model' | 'job' | 'run'}:${string}`;

/** Keeps the files of a set for as long as the claim is there, if and only if the transaction commits. Repeated it changes nothing. @throws PATH_MISSING when they are not READY any more */
export async function claimFileSet(tx: EntityManager, id: string, claimant: Claimant): Promise<FileSet> {
  // Any number may claim a set that is kept already at the same time; a release waits for them.
  const kept = await tx.findOne(FileSet, { id, state: FileSetState.READY, expiresAt: null }, { lockMode: LockMode.PESSIMISTIC_READ });
  const fileSet = kept ?? (await tx.findOne(FileSet, { id, state: FileSetState.READY }, { lockMode: LockMode.PESSIMISTIC_WRITE }));
  if (!fileSet) throw pathMissing({ path: id });
  await sql(tx, 'insert into ai_arts.file_set_claim (file_set_id, claimant) values ($1, $2) on conflict do nothing', [id, claimant]);
  fileSet.expiresAt = null;
  await tx.flush();
  return fileSet;
}

/** Ends all claims of a claimant; what nobody else claims is deleted after a time of grace. */
export async function releaseFileSets(tx: EntityManager, claimant: Claimant, graceMs: number): Promise<void> {
  const released = await sql<{ id: string }>(tx, 'delete from ai_arts.file_set_claim where claimant = $1 returning file_set_id as id', [claimant]);
  if (released.length === 0) return;
  const ids = released.map(({ id }) => id);
  // Locked by a statement of its own, so that the next one sees the claims of everybody who was waited for.
  await sql(tx, 'select from ai_arts.file_set where id = any ($1::uuid[]) order by id for update', [ids]);
  await sql(
    tx,
    `update ai_arts.file_set set state = 'DELETING', expires_at = now() + $2 * interval '1 millisecond'
     where id = any ($1::uuid[]) and state = 'READY' and not exists (select from ai_arts.file_set_claim where file_set_id = id)`,
    [ids, graceMs],
  );
}
