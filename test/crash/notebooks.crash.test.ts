import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { crashCases, CrashPoint } from '../testkit/crash-point.js';
import { isMissing, jupyter } from '../testkit/engines.js';
import { Librarian } from '../testkit/library.js';
import { NotebookUser, outputOf, type SeenNotebook } from '../testkit/notebook.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { sampleOf } from '../testkit/seed.js';
import { LOCAL_ENGINE, localHoldings } from '../testkit/training.js';

// However we are killed: a notebook runs or is stopped as our table says, its kernels live on, and its files stay until it is deleted.

/** Statements that each work writes, at the most: until the notebook answers, its link was followed, it is stopped, or gone. */
const STATEMENTS = { create: 22, open: 1, stop: 14, start: 21, delete: 22 };
const SAMPLE = 3;
/** Within this time of a restart everything is as it should be. */
const SETTLED_MS = 90_000;
const MIB = 1024 ** 2;
const KEPT = 'api/contents/kept.txt';

describe.skipIf(isMissing(jupyter))('kill -9 with notebooks on a real Jupyter server', () => {
  let platform: Platform;
  let crash: CrashPoint;
  let database: Client;
  let alice: NotebookUser;

  beforeAll(async () => {
    platform = await startPlatform({ environment: LOCAL_ENGINE });
    alice = new NotebookUser(await actor(await admin(platform), 'alice'));
    database = new Client({ connectionString: platform.databaseUrl });
    await database.connect();
    crash = await CrashPoint.install(platform.databaseUrl!);
  }, 300_000);

  afterAll(async () => {
    await crash?.close();
    await database?.end();
    await platform?.dispose();
  }, 120_000);

  // One that did not start in time must not take all cases after it with it.
  beforeEach(() => platform.recover());

  /** Where code of hers is now; it goes with the last notebook that was made of it. */
  async function uploaded(): Promise<string> {
    const upload = 'mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }';
    return (await new Librarian(alice.actor).send(upload, { purpose: 'CODE', waitSeconds: 60 }, 'code.py', 'answer = 42')).data.uploadFiles.path as string;
  }

  const change = async (verb: 'stop' | 'start', id: string): Promise<void> => {
    await alice.change(verb, id);
    await alice.until(id, verb === 'stop' ? 'PAUSED' : 'RUNNING');
  };

  const content = async (id: string, path: string): Promise<unknown> => (await (await alice.open(id)).json(path)).content;

  /** Waits until nothing is in between, and what runs is what our table says; tells what is not so when that takes too long. */
  async function settled(): Promise<SeenNotebook[]> {
    for (const deadline = Date.now() + SETTLED_MS; ; await delay(100)) {
      const notebooks = await alice.list();
      const { rows } = await database.query<{ id: string; run: string; state: string }>('select id, run_id as run, state from ai_arts.job');
      const held = await localHoldings(platform);
      const running = rows.filter(({ state }) => state === 'RUNNING');
      const isEqual = running.every(({ run }) => held.running.includes(run)) && held.running.every((name) => running.some(({ id, run }) => name === id || name === run));
      const isKnown = notebooks.length === rows.length && held.folders.every((name) => rows.some(({ id }) => name === id));
      if (notebooks.every(({ state }) => ['RUNNING', 'PAUSED'].includes(state)) && isEqual && isKnown) return notebooks;
      if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify({ notebooks, rows, held })}\n${platform.output().slice(-3_000)}`);
    }
  }

  async function nothingLeft(): Promise<void> {
    for (const { id } of await settled()) await alice.delete(id);
    expect(await settled()).toEqual([]);
    // What the engine has kept of earlier runs goes with a sweep, at the start or a minute later.
    await platform.kill();
    await platform.start();
    await expect.poll(() => localHoldings(platform)).toEqual({ folders: [], kept: [], running: [] });
    const { engine } = await alice.actor.ask('{ engine { total { cpus memoryBytes } free { cpus memoryBytes } } }');
    expect(engine.free).toEqual(engine.total);
    expect((await database.query('select from ai_arts.file_set_claim')).rows).toEqual([]);
  }

  const cases = crashCases(STATEMENTS);

  test.each(sampleOf('kill -9 with notebooks', cases, SAMPLE))(
    'killed at statement $statement of $work (the statement $ending): the notebook runs, is stopped or is gone, with its kernels and files, and the request can be repeated',
    async ({ work, ending, statement }) => {
      const input = { clientToken: randomUUID(), codePath: await uploaded(), memoryBytes: 512 * MIB };
      const create = async (): Promise<SeenNotebook> => alice.until((await alice.create(input)).id, 'RUNNING');
      const before = work === 'create' ? undefined : await create();
      const id = before?.id ?? '';
      let kernel = '';
      if (before) {
        const page = await alice.open(id);
        await page.json(KEPT, 'PUT', { type: 'file', format: 'text', content: 'still here' });
        if (work === 'open') {
          kernel = (await page.json('api/kernels', 'POST', { name: 'python3' })).id as string;
          await outputOf(await page.socket(kernel), 'from code import answer');
        }
      }
      if (work === 'start') await change('stop', id);

      await crash.arm(statement);
      await crash.killDuring(platform, ending, async () => {
        if (work === 'create') await create();
        else if (work === 'open') await alice.open(id);
        else if (work === 'delete') {
          await alice.delete(id);
          await settled();
        } else await change(work, id);
      });

      const [found, ...others] = await settled();
      expect(others).toEqual([]);
      if (work === 'create') {
        const created = await create();
        expect((await settled()).map((notebook) => notebook.id)).toEqual([created.id]);
        expect(await content(created.id, 'api/contents/code.py')).toBe('answer = 42');
      } else if (work === 'open') {
        expect(await outputOf(await (await alice.open(id)).socket(kernel), 'print(answer)')).toBe('42\n');
      } else if (found) {
        if (work === 'stop') await change('stop', id);
        if (work !== 'delete') await change('start', id);
        expect(await content(id, KEPT)).toBe('still here');
      } else expect(work).toBe('delete');
      await nothingLeft();
    },
    400_000,
  );
});
