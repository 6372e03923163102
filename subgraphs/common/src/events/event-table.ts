import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { sql } from '../database/sql.js';
import { encodeEventId, type EventPosition, type StoredEvent } from './event.js';

/** What to write down with a change. */
export interface NewEvent {
  topic: string;
  subject: string;
  payload: object;
}

/**
 * SQL for a subgraph's first migration: the table of its events. Serial numbers commit out of order, so events are
 * ordered by (transaction id, sequence) and read only below the oldest transaction still running.
 */
export const eventTableSql = (schema: string): string => `
  create table "${schema}".event (
    sequence bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    topic text not null,
    subject text not null,
    payload jsonb not null,
    at timestamptz not null default clock_timestamp()
  );
  create index event_order on "${schema}".event (xid, sequence);
  create index event_at on "${schema}".event (at);`;

export const channelOf = (schema: string): string => `hutong_${schema}`;

/** Writes events in the transaction of the change they tell of, and wakes listeners when it commits. */
export async function appendEvents(em: EntityManager, schema: string, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql(
    em,
    `with written as (
       ${appendingSql(schema, 'select * from unnest($1::text[], $2::text[], $3::jsonb[])')}
     ) select pg_notify($4, '')`,
    [events.map(({ topic }) => topic), events.map(({ subject }) => subject), events.map(({ payload }) => JSON.stringify(payload)), channelOf(schema)],
  );
}

/** SQL that writes events as one part of a larger statement; `rows` selects their topic, subject and payload. Nobody is woken by it. */
export const appendingSql = (schema: string, rows: string): string => `insert into "${schema}".event (topic, subject, payload) ${rows}`;

/** Sends texts to every listener of the schema when the transaction commits. */
export async function announce(em: EntityManager, schema: string, texts: readonly string[]): Promise<void> {
  if (texts.length > 0) await sql(em, 'select pg_notify($1, text) from unnest($2::text[]) as text', [channelOf(schema), [...texts]]);
}

interface EventRow {
  xid: string;
  sequence: string;
  topic: string;
  subject: string;
  payload: unknown;
  at: Date | string;
}

/** Reads events behind a position, up to (and with) `until` where given; only such as can no longer be preceded by others. */
export async function readEvents(pool: Pool, schema: string, after: EventPosition, limit: number, until?: EventPosition): Promise<StoredEvent[]> {
  // A bare column in `order by` would be the text of the select list, by which 10 comes before 9.
  const { rows } = await pool.query<EventRow>(
    `select xid::text, sequence::text, topic, subject, payload, at from "${schema}".event stored
     where (xid, sequence) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
       and ($4::text is null or (xid, sequence) <= ($4::xid8, $5::bigint))
     order by stored.xid, stored.sequence limit $3`,
    [String(after.xid), String(after.sequence), limit, until ? String(until.xid) : null, until ? String(until.sequence) : null],
  );
  return rows.map(fromRow);
}

/** The newest position that is settled, to begin listening from. */
export async function settledPosition(pool: Pool, schema: string): Promise<EventPosition> {
  const { rows } = await pool.query<{ xid: string; sequence: string }>(
    `select xid::text, sequence::text from "${schema}".event stored
     where xid < pg_snapshot_xmin(pg_current_snapshot()) order by stored.xid desc, stored.sequence desc limit 1`,
  );
  const [row] = rows;
  return row ? { xid: BigInt(row.xid), sequence: BigInt(row.sequence) } : { xid: 0n, sequence: 0n };
}

/** Whether events wait behind a position that a running transaction still holds back. */
export async function hasUnsettledEvents(pool: Pool, schema: string, after: EventPosition): Promise<boolean> {
  const { rows } = await pool.query(
    `select 1 from "${schema}".event where (xid, sequence) > ($1::xid8, $2::bigint) limit 1`,
    [String(after.xid), String(after.sequence)],
  );
  return rows.length > 0;
}

/** Which transactions are committed as of now: a function that tells whether this snapshot sees a transaction's rows. */
export async function currentSnapshot(pool: Pool): Promise<(xid: bigint) => boolean> {
  const { rows } = await pool.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
  const [xmin, xmax, running] = rows[0]!.snapshot.split(':') as [string, string, string];
  const open = new Set(running === '' ? [] : running.split(',').map(BigInt));
  return (xid) => xid < BigInt(xmin) || (xid < BigInt(xmax) && !open.has(xid));
}

/** Removes events older than they are kept. */
export async function pruneEvents(pool: Pool, schema: string, keptDays: number): Promise<void> {
  await pool.query(`delete from "${schema}".event where at < now() - make_interval(days => $1)`, [keptDays]);
}

function fromRow(row: EventRow): StoredEvent {
  const position = { xid: BigInt(row.xid), sequence: BigInt(row.sequence) };
  return { ...position, id: encodeEventId(position), topic: row.topic, subject: row.subject, payload: row.payload, at: new Date(row.at) };
}
