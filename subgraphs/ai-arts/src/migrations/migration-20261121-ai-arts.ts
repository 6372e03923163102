import { eventTableSql } from '@hutong/common';
import { Migration } from '@mikro-orm/migrations';

/** The event table, and what tells this platform's jobs and files from those of another one. */
export class Migration20261121AiArts extends Migration {
  override up(): void {
    this.addSql(eventTableSql('ai_arts'));
    this.addSql(`
      create table ai_arts.installation (single boolean primary key default true check (single), id uuid not null default gen_random_uuid());
      insert into ai_arts.installation default values;`);
  }
}
