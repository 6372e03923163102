import { eventTableSql } from '@hutong/common';
import { Migration } from '@mikro-orm/migrations';

/** Users, sessions, API tokens, machines and their grants, the throttle of logins, the audit log, events. */
export class Migration20261121 extends Migration {
  override up(): void {
    this.addSql(eventTableSql('machines'));
    this.addSql(`
      create table machines.user_account (
        id uuid primary key default gen_random_uuid(),
        username text not null,
        username_key text unique,
        password_hash text,
        roles text[] not null check (cardinality(roles) > 0 and roles <@ array['ADMIN', 'PROVIDER', 'MEMBER']),
        organization text,
        disabled boolean not null default false,
        legacy_id bigint unique,
        created_at timestamptz not null,
        deleted_at timestamptz,
        check (deleted_at is not null or (username_key is not null and password_hash is not null))
      )`);
    this.addSql(`
      create table machines.session (
        id uuid primary key default gen_random_uuid(),
        user_id uuid not null references machines.user_account,
        ticket_hash bytea not null unique,
        csrf_hash bytea not null,
        created_at timestamptz not null,
        expires_at timestamptz not null
      )`);
    this.addSql('create index session_of_user on machines.session (user_id)');
    this.addSql('create index session_expiry on machines.session (expires_at)');
    this.addSql(`
      create table machines.api_token (
        id uuid primary key default gen_random_uuid(),
        user_id uuid not null references machines.user_account,
        name text not null,
        scopes text[] not null check (cardinality(scopes) > 0),
        token_hash bytea not null unique,
        created_at timestamptz not null,
        expires_at timestamptz,
        last_used_at timestamptz
      )`);
    this.addSql('create index api_token_of_user on machines.api_token (user_id, created_at)');
    this.addSql(`
      create table machines.login_throttle (
        key bytea primary key,
        failures integer not null,
        ends_at timestamptz not null
      )`);
    this.addSql('create index login_throttle_end on machines.login_throttle (ends_at)');
    this.addSql(`
      create table machines.machine (
        id integer primary key check (id >= 0),
        name text,
        cpus integer not null check (cpus >= 0),
        status text not null check (status in ('RUNNING', 'STOPPED')),
        memory_bytes bigint not null check (memory_bytes >= 0),
        gpu text not null,
        ip text not null,
        max_disk_bytes bigint check (max_disk_bytes >= 0),
        attributes json not null default '{}',
        granted_to_everyone boolean not null default false
      )`);
    this.addSql(`
      create table machines.machine_grant (
        machine_id integer not null references machines.machine,
        user_id uuid not null references machines.user_account,
        primary key (user_id, machine_id)
      )`);
    this.addSql(`
      create table machines.audit_entry (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        actor_id uuid,
        action text not null,
        subject text,
        request_id text,
        outcome text not null
      )`);
    this.addSql('create index audit_entry_actor on machines.audit_entry (actor_id, id)');
    this.addSql('create index audit_entry_action on machines.audit_entry (action, id)');
    this.addSql('create index audit_entry_at on machines.audit_entry (at)');
  }
}
