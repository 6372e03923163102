import { Migration } from '@mikro-orm/migrations';

/** Sets of files, their files, and who uses them; datasets and models. */
export class Migration20261121Files extends Migration {
  override up(): void {
    this.addSql(`
      create table ai_arts.file_set (
        id uuid primary key,
        owner_id text not null,
        purpose text not null check (purpose in ('CODE', 'DATASET', 'MODEL')),
        is_private boolean not null,
        state text not null check (state in ('RECEIVING', 'UNPACKING', 'READY', 'FAILED', 'DELETING')),
        state_reason text,
        prefix text not null,
        folder text not null,
        size_bytes bigint not null default 0,
        file_count integer not null default 0,
        sha256 text,
        content_hash text,
        worker uuid,
        token text,
        expires_at timestamptz,
        created_at timestamptz not null default now()
      );
      create index file_set_worker on ai_arts.file_set (state) where state in ('RECEIVING', 'UNPACKING');
      create index file_set_expiry on ai_arts.file_set (expires_at) where expires_at is not null;`);
    this.addSql(`
      create table ai_arts.file_set_file (
        file_set_id uuid not null references ai_arts.file_set on delete cascade,
        path text collate "C" not null,
        size_bytes bigint not null,
        sha256 text not null,
        primary key (file_set_id, path)
      );`);
    // While one of these is there, the files are kept.
    this.addSql(`
      create table ai_arts.file_set_claim (
        file_set_id uuid not null references ai_arts.file_set,
        claimant text not null,
        primary key (file_set_id, claimant)
      );
      create index file_set_claimant on ai_arts.file_set_claim (claimant);`);
  }
}
