import { Migration } from '@mikro-orm/migrations';

/** Jobs of every kind, and whose turn it is. Columns of one kind alone are null for the others. */
export class Migration20261121Jobs extends Migration {
  override up(): void {
    this.addSql(`
      create table ai_arts.job (
        id uuid primary key,
        kind text not null check (kind in ('NOTEBOOK', 'TRAINING', 'INFERENCE')),
        owner_id text not null,
        name text not null,
        description text,
        engine text not null,
        device_type text not null,
        device_num integer not null,
        code_path text,
        code_file_set_id uuid,
        dataset_id integer,
        model_id integer,
        state text not null check (state in ('UNAPPROVED', 'QUEUED', 'SCHEDULING', 'RUNNING', 'PAUSING', 'PAUSED', 'KILLING', 'FINISHED', 'FAILED', 'ERROR', 'KILLED')),
        state_reason text,
        client_token text,
        request_hash text not null,
        errand text check (errand in ('SUBMIT', 'STOP', 'REMOVE')),
        worker uuid,
        tries integer not null default 0,
        not_before timestamptz not null default now(),
        run_id uuid not null unique,
        launch json,
        is_staged boolean not null default false,
        tasks integer not null default 1,
        engine_id text,
        host text,
        exit_code integer,
        deleted_at timestamptz,
        created_at timestamptz not null default now(),
        started_at timestamptz,
        ended_at timestamptz,
        startup_file text,
        code_folder text,
        dataset_path text,
        dataset_file_set_id uuid,
        dataset_folder text,
        output_path text,
        params json,
        job_training_type text check (job_training_type in ('RegularJob', 'PSDistJob')),
        num_ps integer,
        num_ps_worker integer,
        memory_bytes bigint,
        time_limit_seconds integer,
        progress double precision,
        log_read_bytes bigint,
        is_log_read boolean,
        constraint job_client_token unique (owner_id, kind, client_token)
      );
      create index job_of_owner on ai_arts.job (owner_id, kind, created_at desc, id desc);
      create index job_newest on ai_arts.job (kind, created_at desc, id desc);
      create index job_living on ai_arts.job (owner_id, kind, state) where state not in ('FINISHED', 'FAILED', 'ERROR', 'KILLED');
      create index job_to_submit on ai_arts.job (not_before) where errand = 'SUBMIT';
      create index job_to_take_away on ai_arts.job (not_before) where errand in ('STOP', 'REMOVE');
      create index job_to_try_again on ai_arts.job (not_before) where tries > 0;
      create index job_worker on ai_arts.job (worker) where worker is not null;
      create index job_on_engine on ai_arts.job (state) where errand is null and state in ('QUEUED', 'SCHEDULING', 'RUNNING', 'PAUSING', 'KILLING');
      create index job_of_code on ai_arts.job (code_file_set_id) where code_file_set_id is not null;
      create index job_of_dataset on ai_arts.job (dataset_id) where dataset_id is not null;
      create index job_of_model on ai_arts.job (model_id) where model_id is not null;`);
    this.addSql(`create index job_log_unread on ai_arts.job (state) where is_log_read = false;`);
    // What trainings tell of themselves; see KeptSeries.
    this.addSql(`
      create table ai_arts.metric_series (
        job_id uuid not null references ai_arts.job on delete cascade,
        name text not null,
        seen double precision not null,
        stride double precision not null,
        points json not null,
        last json not null,
        primary key (job_id, name)
      );`);
    // Users take turns: whoever was served longest ago is next.
    this.addSql('create table ai_arts.turn (owner_id text primary key, served_at timestamptz not null);');
  }
}
