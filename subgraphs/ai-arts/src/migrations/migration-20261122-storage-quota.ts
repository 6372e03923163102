import { Migration } from '@mikro-orm/migrations';

/** How much every user has in the store, counted by the database itself whoever changes a row; and the room of resumable uploads that are no sets yet. */
export class Migration20261122StorageQuota extends Migration {
  override up(): void {
    this.addSql(`
      alter table ai_arts.file_set add column counted_bytes bigint not null default 0;
      update ai_arts.file_set set counted_bytes = size_bytes where not starts_with(prefix, 'shared/');
      create index file_set_deleted on ai_arts.file_set (owner_id) where state = 'DELETING';
      create table ai_arts.file_reservation (
        id uuid primary key,
        owner_id text not null,
        counted_bytes bigint not null,
        expires_at timestamptz not null
      );
      create index file_reservation_owner on ai_arts.file_reservation (owner_id);
      create table ai_arts.file_usage (
        owner_id text primary key,
        bytes bigint not null,
        sets integer not null
      );
      insert into ai_arts.file_usage select owner_id, sum(counted_bytes), count(*) from ai_arts.file_set group by owner_id;`);
    // The row of a user is held from here to the end of the transaction: what is counted next sees it.
    this.addSql(`
      create function ai_arts.count_files() returns trigger language plpgsql as $$
      begin
        insert into ai_arts.file_usage as usage (owner_id, bytes, sets) values (
          case when tg_op = 'DELETE' then old.owner_id else new.owner_id end,
          case when tg_op = 'DELETE' then 0 else new.counted_bytes end - case when tg_op = 'INSERT' then 0 else old.counted_bytes end,
          case tg_op when 'INSERT' then 1 when 'DELETE' then -1 else 0 end * tg_argv[0]::integer
        ) on conflict (owner_id) do update set bytes = usage.bytes + excluded.bytes, sets = usage.sets + excluded.sets;
        return null;
      end $$`);
    for (const [table, sets] of [['file_set', 1], ['file_reservation', 0]] as const) {
      this.addSql(`create trigger count_files after insert or delete on ai_arts.${table} for each row execute function ai_arts.count_files('${sets}')`);
      this.addSql(`create trigger count_changed_files after update of counted_bytes on ai_arts.${table} for each row when (old.counted_bytes <> new.counted_bytes) execute function ai_arts.count_files('${sets}')`);
    }
  }
}
