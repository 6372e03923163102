import { Migration } from '@mikro-orm/migrations';

/** The labelling projects of datasets, and what versions with imported labels were made of, once for each token of a caller. */
export class Migration20261122Labels extends Migration {
  override up(): void {
    this.addSql(`
      alter table ai_arts.dataset add column labeling_project text, add column source_id integer, add column client_token text, add column request_hash text;
      create unique index dataset_client_token on ai_arts.dataset (owner_id, client_token) where client_token is not null and deleted_at is null;`);
  }
}
