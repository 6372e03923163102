import { Migration } from '@mikro-orm/migrations';

const wholeOf = (table: string, only = ''): string => `select from ai_arts.${table} a where a.file_set_id = file_set.id and not a.is_private and a.deleted_at is null ${only}`;

/** Files of which only a part is in public datasets and models are private again, beside that part. */
export class Migration20261123PublicParts extends Migration {
  override up(): void {
    const isShownWhole = ['dataset', 'model'].map((table) => wholeOf(table, 'and a.file_count = file_set.file_count')).join(' union all ');
    const isShown = ['dataset', 'model'].map((table) => wholeOf(table)).join(' union all ');
    this.addSql(`update ai_arts.file_set set is_private = true where not is_private and exists (${isShown}) and not exists (${isShownWhole});`);
  }
}
