import { eventTableSql } from '@hutong/common';
import { Migration } from '@mikro-orm/migrations';

/** Virtual machines, what was made for them in the cloud, whose turn it is, and snapshots. */
export class Migration20261121CloudVm extends Migration {
  override up(): void {
    this.addSql(eventTableSql('cloud_vm'));
    this.addSql(`
      create table cloud_vm.virtual_machine (
        id uuid primary key,
        owner_id text not null,
        name text not null,
        image text not null,
        image_id text not null,
        flavor text not null,
        flavor_id text not null,
        internet_access boolean not null,
        state text not null check (state in ('BUILD', 'ACTIVE', 'SHUTOFF', 'REBOOT', 'ERROR', 'DELETING', 'DELETED')),
        state_reason text,
        ipv4 text,
        endpoints json not null,
        client_token text,
        request_hash text not null,
        errand text check (errand in ('LAUNCH', 'START', 'STOP', 'REBOOT', 'SNAPSHOT', 'DESTROY', 'RELEASE')),
        worker uuid,
        tries integer not null default 0,
        not_before timestamptz not null default now(),
        expected text check (expected in ('ACTIVE', 'SHUTOFF')),
        expected_by timestamptz,
        awaited_by uuid,
        created_at timestamptz not null default now(),
        constraint virtual_machine_client_token unique (owner_id, client_token),
        constraint worker_has_errand check (worker is null or errand is not null)
      );
      create index virtual_machine_of_owner on cloud_vm.virtual_machine (owner_id, created_at desc, id desc);
      create index virtual_machine_newest on cloud_vm.virtual_machine (created_at desc, id desc);
      create index virtual_machine_living on cloud_vm.virtual_machine (owner_id) where state <> 'DELETED';
      create index virtual_machine_errand on cloud_vm.virtual_machine (not_before) where errand is not null;
      create index virtual_machine_worker on cloud_vm.virtual_machine (worker) where worker is not null;
      create index virtual_machine_awaited on cloud_vm.virtual_machine (awaited_by) where awaited_by is not null;
      create index virtual_machine_expected on cloud_vm.virtual_machine (expected_by) where expected is not null;`);
    // What exists in the cloud for a machine, in the order of its making; a row goes when the thing has gone.
    this.addSql(`
      create table cloud_vm.made_resource (
        virtual_machine_id uuid not null references cloud_vm.virtual_machine on delete cascade,
        kind text not null check (kind in ('server', 'port', 'floating-ip', 'disk')),
        cloud_id text not null,
        sequence bigint generated always as identity,
        primary key (virtual_machine_id, kind, cloud_id)
      );`);
    // Users take turns: whoever was served longest ago is next.
    this.addSql('create table cloud_vm.turn (owner_id text primary key, served_at timestamptz not null);');
    this.addSql(`
      create table cloud_vm.snapshot (
        id uuid primary key,
        virtual_machine_id uuid not null references cloud_vm.virtual_machine on delete cascade,
        name text not null,
        state text not null check (state in ('PENDING', 'READY', 'FAILED')),
        reason text,
        image json,
        created_at timestamptz not null default now()
      );
      create unique index snapshot_pending on cloud_vm.snapshot (virtual_machine_id) where state = 'PENDING';`);
    // What tells this platform's machines from those of another one in the same cloud.
    this.addSql(`
      create table cloud_vm.installation (single boolean primary key default true check (single), id uuid not null default gen_random_uuid());
      insert into cloud_vm.installation default values;`);
  }
}
