import { Migration } from '@mikro-orm/migrations';

/** What inference services have beside other jobs, and the pictures that are kept for them for a while. */
export class Migration20261122Inferences extends Migration {
  override up(): void {
    this.addSql(`
      alter table ai_arts.job
        add column model_file_set_id uuid,
        add column model_file text,
        add column served_name text,
        add column requests bigint,
        add column failed bigint,
        add column latency_ms double precision,
        add column last_request_at timestamptz,
        add column is_asleep boolean,
        add column restarts integer;`);
    // The row is there before the bytes in the store, and goes after them.
    this.addSql(`
      create table ai_arts.image (
        id uuid primary key,
        owner_id text not null,
        service_id uuid not null,
        kind text not null check (kind in ('UPLOADED', 'DRAWN')),
        size_bytes bigint,
        created_at timestamptz not null,
        expires_at timestamptz not null
      );
      create index image_of_owner on ai_arts.image (owner_id, kind, created_at desc, id desc);
      create index image_expiry on ai_arts.image (expires_at);`);
  }
}
