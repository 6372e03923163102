import { Client } from 'pg';
import { testDatabase } from '@hutong/common/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { admin, logIn, type Actor } from '../testkit/actor.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { isRunning, until } from '../testkit/processes.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';

// The database away and back, and several processes on one.

describe('while the database is away', () => {
  let platform: Platform;
  let root: Actor;
  let server: Client;
  beforeAll(async () => {
    platform = await startPlatform();
    root = await admin(platform);
    await root.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
    server = new Client({ connectionString: inject('databaseServer') });
    await server.connect();
  });
  afterAll(async () => {
    await server?.end();
    await platform?.dispose();
  });

  const nameOfDatabase = () => new URL(platform.databaseUrl!).pathname.slice(1);
  const status = async () => (await root.simpleServer('GET', 'status')).status;

  test('every answer says so in its own envelope, and the process stays', { tags: ['simple-server/status/down', 'interconnect/0/http-200', 'simple-server/rules/envelope', 'interconnect/rules/envelope'] }, async () => {
    await server.query(`alter database ${nameOfDatabase()} with allow_connections false`);
    await server.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [nameOfDatabase()]);
    await until('the status of 503', async () => (await status()) === 503);
    expect((await root.simpleServer('GET', 'status')).body).toEqual({ code: 503, message: expect.any(String) });
    expect((await fetch(`${platform.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${platform.url}/healthz`)).status).toBe(200);

    const zones = await root.interconnect('GET', 'computing_resources/?page=1&page_size=1');
    expect(zones).toMatchObject({ status: 200, body: { code: 500, message: expect.any(String), data: {} } });
    const info = await root.simpleServer('GET', 'info');
    expect(info.status).toBeGreaterThanOrEqual(500);
    expect(info.body).toEqual({ detail: expect.any(String) });
    const { errors } = await root.graph('{ machines { totalCount } }');
    expect(errors[0]?.extensions.code).toMatch(/^(SUBGRAPH_UNAVAILABLE|INTERNAL_SERVER_ERROR)$/);
    for (const shown of [zones.body.message, info.body.detail, errors[0]?.message]) expect(shown).not.toMatch(/postgres|ECONN|hutong_|test_|terminat|\.js/i);
    expect(isRunning(platform.pid)).toBe(true);
  });

  test('and when it is back, all goes on with nobody restarting anything', async () => {
    await server.query(`alter database ${nameOfDatabase()} with allow_connections true`);
    await until('the status of 200', async () => (await status()) === 200);
    expect((await root.interconnect('POST', 'computing_resources/', { computing_resources: [sampleReport()] })).body.code).toBe(0);
    const again = await logIn(platform, 'admin', ADMIN_PASSWORD);
    await again.ask('mutation { logOut }');
    await until('the ended ticket to be refused', async () => (await again.graph('{ machines { totalCount } }')).errors[0]?.extensions.code === 'UNAUTHENTICATED');
  });
});

describe('three processes that start at once on an empty database', () => {
  test('all come up, make one admin, and see each other’s rows', async () => {
    const database = await testDatabase();
    const starts = await Promise.allSettled([1, 2, 3].map(() => startPlatform({ environment: { DATABASE_URL: database.url } })));
    const platforms = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    try {
      expect(starts.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []))).toEqual([]);
      const [first, ...others] = await Promise.all(platforms.map((platform) => admin(platform)));
      expect((await first!.ask('{ users { totalCount } }')).users.totalCount).toBe(1);
      await first!.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
      for (const other of others) expect((await other.interconnect('POST', 'computing_resources/', { computing_resources: [sampleReport()] })).body.code).toBe(0);
      expect((await first!.ask('{ computingResources { totalCount } }')).computingResources.totalCount).toBe(1);
    } finally {
      await Promise.all(platforms.map((platform) => platform.dispose()));
      await database.drop();
    }
  }, 90_000);
});
