import { Migration } from '@mikro-orm/migrations';

/** What notebooks have beside other jobs, and which links to them were used, for as long as they would be good. */
export class Migration20261121Notebooks extends Migration {
  override up(): void {
    this.addSql(`
      alter table ai_arts.job add column is_code_copied boolean, add column last_activity_at timestamptz, add column is_idle boolean;
      create table ai_arts.used_link (nonce uuid primary key, expires_at timestamptz not null);`);
  }
}
