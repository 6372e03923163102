import { Client } from 'pg';

/** What a refused request may still write: the audit log, the count of failed log-ins, and the queue of background work. */
const NOT_COMPARED = ['machines.audit_entry', 'machines.login_throttle'];

/** Sees all that is stored, past the product, so that a test can tell whether a request stored something. */
export class StoredRows {
  readonly #client: Client;
  #statement = '';

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(databaseUrl: string): Promise<StoredRows> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const rows = new StoredRows(client);
    const { rows: tables } = await client.query<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and n.nspname not like '%pgboss%' and n.nspname not like '%\\_jobs' order by 1`,
    );
    const compared = tables.filter(({ name }) => !NOT_COMPARED.includes(name)).map(({ name }) => name);
    if (compared.length === 0) throw new Error('the platform has no tables');
    rows.#statement = compared
      .map((name) => `select '${name}' as name, count(*) || '/' || coalesce(sum(hashtext(stored::text)), 0) as content from ${name} stored`)
      .join(' union all ');
    return rows;
  }

  /** Rows of every table, as `count/checksum`. */
  async read(): Promise<Record<string, string>> {
    const { rows } = await this.#client.query<{ name: string; content: string }>(this.#statement);
    return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
