import { eventTableSql } from '@hutong/common';
import { Migration } from '@mikro-orm/migrations';

/** Tasks with their offers, the allocations made for them, and what is known of providers. */
export class Migration20261121Scheduling extends Migration {
  override up(): void {
    this.addSql(eventTableSql('scheduling'));
    this.addSql(`
      create table scheduling.task (
        id integer generated always as identity primary key,
        owner_id text not null,
        state text not null check (state in ('OFFERED', 'ALLOCATING', 'ALLOCATED', 'REFUSED', 'FAILED', 'RELEASED', 'EXPIRED')),
        state_reason text,
        template json not null,
        source text,
        session_identifier text,
        requirements json not null,
        match_count integer not null,
        client_token text,
        request_hash text not null,
        chosen_resource_id integer,
        resource_url text,
        expires_at timestamptz,
        created_at timestamptz not null default now(),
        constraint task_client_token unique (owner_id, client_token)
      );
      create index task_of_owner on scheduling.task (owner_id, id desc);
      create index task_in_state on scheduling.task (state, id desc);
      create index task_expiry on scheduling.task (expires_at) where state in ('OFFERED', 'FAILED', 'ALLOCATED');`);
    this.addSql(`
      create table scheduling.offer (
        task_id integer not null references scheduling.task on delete cascade,
        rank smallint not null,
        score double precision not null check (score between 0 and 1),
        resource_id integer not null,
        refused_at timestamptz,
        primary key (task_id, rank),
        constraint offer_once unique (task_id, resource_id)
      );`);
    // At most one allocation of a task is under way, and at most one is held: whatever the code does, the database sees to it.
    this.addSql(`
      create table scheduling.allocation (
        key uuid primary key,
        task_id integer not null references scheduling.task on delete cascade,
        resource_id integer not null,
        state text not null check (state in ('PENDING', 'HELD', 'RETURNING', 'RETURNED')),
        worker uuid not null,
        resource_url text,
        failure json,
        created_at timestamptz not null default now()
      );
      create index allocation_of_task on scheduling.allocation (task_id);
      create unique index allocation_pending on scheduling.allocation (task_id) where state = 'PENDING';
      create unique index allocation_held on scheduling.allocation (task_id) where state = 'HELD';
      create index allocation_unfinished on scheduling.allocation (created_at) where state in ('PENDING', 'RETURNING');`);
    this.addSql(`
      create table scheduling.provider (
        organization text primary key check (organization ~ '^[0-9]{5}$'),
        url_template text,
        webhook_url text,
        webhook_secret text,
        allocation_timeout_seconds integer not null,
        saved_at timestamptz not null default now()
      );`);
  }
}
