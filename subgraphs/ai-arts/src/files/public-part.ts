import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

const shownBy = (table: string): string => `
  select from ai_arts.${table} where file_set_id = $1 and not is_private and deleted_at is null and (folder in ('', $2) or starts_with($2, folder || '/'))`;

const IS_SHOWN = `select where exists (${shownBy('dataset')} union all ${shownBy('model')})`;

/** Whether what a path names in a private set is public all the same, as or within a public dataset or model of a part of the set. */
export async function isPublicPart(em: EntityManager, fileSetId: string, folder: string): Promise<boolean> {
  return folder !== '' && (await sql(em, IS_SHOWN, [fileSetId, folder])).length > 0;
}
