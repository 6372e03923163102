import pg from 'pg';

/** First half of every advisory lock key of ours: the letters HUTG. */
const LOCK_SPACE = 0x48_55_54_47;

/** The one platform of a data folder holds this key alone; command-line tools share the other. */
const KEYS = { platform: 1, tool: 2 } as const;

/** Who holds a lock: a running platform, or a command-line tool beside or without one. */
export type LockKind = keyof typeof KEYS;

/** A connection that holds an advisory lock for as long as it lives; the server frees it when this process dies. */
export interface SessionLock {
  readonly client: pg.Client;
}

/** The lock is another process's; `pid` is that process, when it said so. */
export interface HeldByOther {
  readonly heldBy: number | undefined;
}

/**
 * Connects and takes the lock without waiting. A platform's excludes another platform's; tools' exclude nothing and
 * only tell that the server is in use. The connection's end is the caller's to watch (`client.on('end')`).
 */
export async function takeSessionLock(url: string, kind: LockKind): Promise<SessionLock | HeldByOther> {
  const client = await openClient(url, `hutong ${kind} ${process.pid}`);
  try {
    const call = kind === 'platform' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
    const { rows } = await client.query<{ taken: boolean }>(`select ${call}($1, $2) as taken`, [LOCK_SPACE, KEYS[kind]]);
    if (rows[0]?.taken) return { client };
    const heldBy = await platformHolder(client);
    await client.end();
    return { heldBy };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Whether anybody but this connection holds a lock of either kind, so that the server must be left running. */
export async function isServerInUse(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(
    "select from pg_locks where locktype = 'advisory' and classid::bigint = $1 and pid <> pg_backend_pid() limit 1",
    [LOCK_SPACE],
  );
  return rowCount !== 0;
}

async function platformHolder(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `select application_name as name from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and classid::bigint = $1 and objid::bigint = $2`,
    [LOCK_SPACE, KEYS.platform],
  );
  const pid = Number(/^hutong platform (\d+)$/.exec(rows[0]?.name ?? '')?.[1]);
  return Number.isInteger(pid) ? pid : undefined;
}

/** A connected client that gives up connecting after 3 s and never throws from an idle connection's end. */
export async function openClient(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name, connectionTimeoutMillis: 3_000 });
  // Without a listener the loss of an idle connection would end this process; whoever cares listens for 'end'.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
