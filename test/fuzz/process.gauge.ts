import { readdir, readFile, readlink } from 'node:fs/promises';
import { Client } from 'pg';
import { until } from '../testkit/processes.js';
import { RemoteInspector } from '../testkit/remote.inspector.js';
import type { FuzzedWorld } from './fuzzed.world.js';

/** What a platform holds at a time when nobody asks it for anything. */
export interface Holdings {
  heapMb: number;
  residentMb: number;
  databaseConnections: number;
}

/** Listening, over (TIME_WAIT), and not begun (SYN_RECV), as the kernel numbers them. */
const NOT_OPEN: ReadonlySet<string> = new Set(['0A', '06', '03']);

/** Measures the platform's process from outside. */
export class ProcessGauge {
  readonly #world: FuzzedWorld;
  readonly #heap: RemoteInspector;
  readonly #database: Client;
  /** Connections that the test itself keeps for later. */
  #kept: ReadonlySet<string> = new Set();
  #filesAtFirst = 0;

  private constructor(world: FuzzedWorld, heap: RemoteInspector, database: Client) {
    this.#world = world;
    this.#heap = heap;
    this.#database = database;
  }

  static async of(world: FuzzedWorld): Promise<ProcessGauge> {
    const { platform } = world;
    const database = new Client({ connectionString: platform.databaseUrl! });
    await database.connect();
    const gauge = new ProcessGauge(world, await RemoteInspector.connect(platform.output()), database);
    gauge.#kept = new Set(await gauge.#clients());
    gauge.#filesAtFirst = await gauge.#files();
    return gauge;
  }

  /** Waits until nothing is under way any more: no connection of a client, no transaction, no temporary file, no open one. @throws Error when something of it stays */
  async settled(): Promise<Holdings> {
    await until('every connection to be closed', async () => (await this.#clients()).length === 0);
    await until('every transaction to end', async () => (await this.#connections("and state not in ('idle')")) === 0);
    await until('every temporary file to go', async () => (await this.#temporaryFiles()) === 0);
    await until('every file to be closed', async () => (await this.#files()) <= this.#filesAtFirst);
    return { heapMb: await this.#heap.usedMb(), residentMb: await this.#residentMb(), databaseConnections: await this.#connections('') };
  }

  async close(): Promise<void> {
    this.#heap.close();
    await this.#database.end();
  }

  /** Where connections to the platform come from that are open on its side. */
  async #clients(): Promise<string[]> {
    const port = this.#world.address.port.toString(16).toUpperCase().padStart(4, '0');
    const lines = (await readFile('/proc/net/tcp', 'latin1')).split('\n').map((line) => line.trim().split(/\s+/));
    const open = lines.filter(([, local = '', , state = '']) => local.endsWith(`:${port}`) && !NOT_OPEN.has(state));
    return open.map(([, , remote = '']) => remote).filter((remote) => !this.#kept.has(remote));
  }

  async #connections(condition: string): Promise<number> {
    const { rows } = await this.#database.query<{ count: string }>(`select count(*) as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' ${condition}`);
    return Number(rows[0]!.count);
  }

  async #temporaryFiles(): Promise<number> {
    return (await readdir(this.#world.temporary, { recursive: true })).length;
  }

  async #residentMb(): Promise<number> {
    return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${this.#world.platform.pid}/status`, 'latin1'))![1]) / 1_000;
  }

  /** Open files, beside sockets and pipes. */
  async #files(): Promise<number> {
    const folder = `/proc/${this.#world.platform.pid}/fd`;
    const targets = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
    return targets.filter((target) => target.startsWith('/') && !target.startsWith('/dev/')).length;
  }
}
