import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectToEmbedded } from './embedded-connection.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.js';
import { deleteEmbeddedPostgres } from './embedded-removal.js';
import { findAccount, isRoot } from './postgres-account.js';
import { readPostmasterPid } from './postmaster-pid.js';
import { goneWithin, isRunning } from './system-process.js';

describe('the embedded PostgreSQL', { timeout: 90_000 }, () => {
  let parent: string;
  let dataDirectory: string;
  let cluster: string;
  let started: EmbeddedPostgres[];
  let children: ChildProcess[];
  let said: string[];

  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'hutong-database-'));
    chmodSync(parent, 0o755);
    dataDirectory = path.join(parent, 'data');
    cluster = path.join(dataDirectory, 'postgres');
    started = [];
    children = [];
    said = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(started.map((database) => database.stop()));
    await deleteEmbeddedPostgres(dataDirectory);
    rmSync(parent, { recursive: true, force: true });
  });

  async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const database = await startEmbeddedPostgres({ dataDirectory, onProgress: (line) => said.push(line), ...options });
    started.push(database);
    return database;
  }

  /** A process of its own that starts the database and then waits to be killed; it prints the server's pid. */
  function startInChild(): ChildProcess {
    const source = `
      import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./embedded-postgres.ts', import.meta.url).href)};
      const database = await startEmbeddedPostgres({ dataDirectory: ${JSON.stringify(dataDirectory)} });
      console.log(database.pid);
      setInterval(() => undefined, 1000);`;
    const args = ['--import', '@oxc-node/core/register', '--input-type=module', '--eval', source];
    const child = spawn(process.execPath, args, {
      // Names of packages on the command line are looked up from there.
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  async function leftoverOfKilledRun(): Promise<number> {
    const child = startInChild();
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'exit');
    return Number(line.toString());
  }

  async function query<Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ids of all processes that work in the cluster's folder, the server's own children included. */
  function processesOnCluster(): string[] {
    return readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(cluster);
      } catch {
        return false;
      }
    });
  }

  it('is created on the first start, says so, and stores any Unicode text', async () => {
    const { url, adopted } = await start();
    expect(adopted).toBe(false);
    expect(said).toContain('Creating the database…');
    const [stored] = await query(url, 'select $1::text as name, length($1) as characters', ['互通 🚀']);
    expect(stored).toEqual({ name: '互通 🚀', characters: 4 });
    const [settings] = await query(
      url,
      `select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as listens,
              current_setting('unix_socket_directories') as sockets, current_setting('fsync') as fsync,
              current_setting('synchronous_commit') as commit, current_database() as name, lower('ÉÀ') as lower`,
    );
    expect(settings).toEqual({
      encoding: 'UTF8', listens: '127.0.0.1', sockets: '', fsync: 'on', commit: 'on', name: 'hutong', lower: 'éà',
    });
  });

  it('finds Chinese words by trigram', async () => {
    const { url } = await start();
    await query(url, 'create extension pg_trgm');
    const [row] = await query<{ trigrams: string[] }>(url, "select show_trgm('超算') as trigrams");
    expect(row?.trigrams).not.toEqual([]);
  });

  it('asks for a password that only the owner of the data folder can read', async () => {
    const { url } = await start();
    expect(statSync(path.join(dataDirectory, 'database.json')).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('keeps data and port over a restart, of which it says nothing', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    said = [];
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(said).toEqual([]);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('leaves no process behind when stopped, and may be stopped twice', async () => {
    const database = await start();
    const idle = new pg.Client({ connectionString: database.url });
    idle.on('error', () => undefined);
    await idle.connect();
    await Promise.all([database.stop(), database.stop()]);
    await database.stop();
    expect(isRunning(database.pid)).toBe(false);
    expect(existsSync(path.join(cluster, 'postmaster.pid'))).toBe(false);
    if (process.platform === 'linux') expect(processesOnCluster()).toEqual([]);
  });

  it('adopts the server of a killed run and stops it in the end', async () => {
    const pid = await leftoverOfKilledRun();
    expect(isRunning(pid)).toBe(true);
    const database = await start();
    expect(database).toMatchObject({ pid, adopted: true });
    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.stop();
    expect(isRunning(pid)).toBe(false);
  });

  it('replaces a leftover server that does not answer', async () => {
    const pid = await leftoverOfKilledRun();
    process.kill(pid, 'SIGSTOP');
    const database = await start();
    expect(database.adopted).toBe(false);
    expect(database.pid).not.toBe(pid);
    expect(isRunning(pid)).toBe(false);
    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts over the remains of a server that was killed itself', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    process.kill(first.pid, 'SIGKILL');
    expect(await goneWithin(first.pid, 5_000)).toBe(true);
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('refuses a second platform on the same folder and names folder and process', async () => {
    const first = await start();
    await expect(start()).rejects.toMatchObject({
      fault: 'ALREADY_RUNNING',
      message: expect.stringMatching(new RegExp(`${dataDirectory}.*process ${process.pid}.*HUTONG_DATA_DIR`)) as string,
    });
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('lets exactly one of three simultaneous first starts through', async () => {
    const outcomes = await Promise.allSettled([start(), start(), start()]);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map((outcome) => outcome.reason as unknown)).toEqual([
      expect.objectContaining({ fault: 'ALREADY_RUNNING' }),
      expect.objectContaining({ fault: 'ALREADY_RUNNING' }),
    ]);
  });

  it('still holds the folder after the server has dropped all connections', async () => {
    const lost: string[] = [];
    const first = await start({ onExit: (reason) => lost.push(reason) });
    const [lock] = await query<{ pid: number }>(first.url, "select pid from pg_locks where locktype = 'advisory'");
    process.kill(lock!.pid, 'SIGKILL');
    const holder = "select pid from pg_locks where locktype = 'advisory' and pid <> $1";
    for (;;) {
      const rows = await query(first.url, holder, [lock!.pid]).catch(() => []);
      if (rows.length > 0) break;
      await delay(20);
    }
    await expect(start()).rejects.toMatchObject({ fault: 'ALREADY_RUNNING' });
    expect(lost).toEqual([]);
  });

  it('tells when its server ends by itself', async () => {
    const reason = new Promise<string>((resolve) => {
      void start({ onExit: resolve }).then(({ pid }) => process.kill(pid, 'SIGINT'));
    });
    expect(await reason).toContain('has ended');
  });

  it('takes no offence at a postmaster.pid whose process is gone', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await goneWithin(first.pid, 5_000);
    expect(readPostmasterPid(cluster)?.pid).toBe(first.pid);
    const second = await start();
    expect(second.adopted).toBe(false);
  });

  it('takes no offence at a postmaster.pid whose process id belongs to another program', async () => {
    const first = await start();
    const file = path.join(cluster, 'postmaster.pid');
    const lines = readFileSync(file, 'utf8').split('\n');
    await first.stop();
    const account = isRoot() ? findAccount() : undefined;
    const stranger = spawn('sleep', ['600'], { cwd: '/', stdio: 'ignore', ...(account && { uid: account.uid, gid: account.gid }) });
    children.push(stranger);
    writeFileSync(file, [stranger.pid, ...lines.slice(1)].join('\n'));
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts from nothing after a creation that was killed half way', async () => {
    const child = startInChild();
    const making = (): string | undefined =>
      existsSync(dataDirectory) ? readdirSync(dataDirectory).find((name) => name.startsWith('postgres.making-')) : undefined;
    const halfMade = (): boolean => {
      const staging = making();
      return staging !== undefined && existsSync(path.join(dataDirectory, staging, 'cluster', 'base'));
    };
    while (!halfMade()) await delay(2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(cluster)).toBe(false);
    const database = await start();
    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(making()).toBeUndefined();
  });

  it('stops what it started when the start is broken off', async () => {
    const controller = new AbortController();
    const starting = start({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(starting).rejects.toMatchObject({ fault: 'ABORTED' });
    expect(readPostmasterPid(cluster)).toBeUndefined();
  });

  it('works in a folder that others may not enter', async () => {
    chmodSync(parent, 0o700);
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(existsSync(cluster)).toBe(!isRoot());
  });

  it('says what is lost when the cluster was deleted and its password kept', async () => {
    await (await start()).stop();
    rmSync(cluster, { recursive: true });
    await expect(start()).rejects.toMatchObject({
      fault: 'FOLDER_UNUSABLE',
      message: expect.stringContaining('is gone') as string,
    });
  });

  describe('for a command-line tool', () => {
    it('is the running platform\'s, which goes on when the tool is done', async () => {
      const platform = await start();
      const tool = await connectToEmbedded({ dataDirectory });
      expect(tool.url).toBe(platform.url);
      await tool.close();
      expect(await query(platform.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    });

    it('is started without a platform and stopped by the last tool that leaves', async () => {
      const first = await connectToEmbedded({ dataDirectory });
      const second = await connectToEmbedded({ dataDirectory });
      await first.close();
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      const pid = readPostmasterPid(cluster)!.pid;
      await Promise.all([second.close(), second.close()]);
      expect(isRunning(pid)).toBe(false);
    });

    it('stays up for a platform that started in the meantime', async () => {
      const tool = await connectToEmbedded({ dataDirectory });
      const platform = await start();
      expect(platform.adopted).toBe(true);
      await tool.close();
      expect(await query(platform.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    });

    it('closes quietly after the platform took the server away', async () => {
      const platform = await start();
      const tool = await connectToEmbedded({ dataDirectory });
      await platform.stop();
      await tool.close();
      expect(isRunning(platform.pid)).toBe(false);
    });
  });
});
