import { Migration } from '@mikro-orm/migrations';

/** How often the engine has lost a job before it was begun. */
export class Migration20261122LostJobs extends Migration {
  override up(): void {
    this.addSql('alter table ai_arts.job add column losses integer not null default 0');
  }
}
