import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { crashCases, CrashPoint } from '../testkit/crash-point.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { sampleOf } from '../testkit/seed.js';
import { ENDLESS, Trainer, type JobHoldings, type SeenTraining } from '../testkit/training.js';

/** An engine that a whole platform runs jobs on, seen from outside. */
export interface PlatformEngine {
  /** The settings with which the platform uses it. */
  readonly environment: Readonly<Record<string, string>>;
  holdings(platform: Platform): Promise<JobHoldings>;
  /** Ends what a test has left. */
  remove(platform: Platform): Promise<void>;
}

/** Statements that each work writes, at the most: until the job runs, is over, or is gone. */
const STATEMENTS = { submit: 24, finish: 24, stop: 14, delete: 22 };
/** Within this time of a restart everything is as it should be. */
const SETTLED_MS = 60_000;
const SETTLED: SeenTraining['state'][] = ['RUNNING', 'FINISHED', 'KILLED'];
const SHORT = 'echo begun\n';

/** However we are killed: after a restart the engine holds what our table says, and nothing stays in between. @param sample so many cases, when not all are wanted */
export function jobCrashes(openEngine: () => Promise<PlatformEngine>, sample: number): void {
  let engine: PlatformEngine;
  let platform: Platform;
  let crash: CrashPoint;
  let database: Client;
  let alice: Trainer;

  beforeAll(async () => {
    engine = await openEngine();
    platform = await startPlatform({ environment: { ...engine.environment } });
    alice = new Trainer(await actor(await admin(platform), 'alice'));
    database = new Client({ connectionString: platform.databaseUrl });
    await database.connect();
    crash = await CrashPoint.install(platform.databaseUrl!);
  }, 300_000);

  afterAll(async () => {
    await crash?.close();
    await database?.end();
    if (platform) await engine.remove(platform);
    await platform?.dispose();
  }, 120_000);

  // One that did not start in time must not take all cases after it with it.
  beforeEach(() => platform.recover());

  const idsOf = async (where: string): Promise<string[]> => (await database.query<{ id: string }>(`select id from ai_arts.job where ${where} order by id`)).rows.map(({ id }) => id);

  /** Waits until nothing is in between and the engine equals our table; tells what is not so when that takes too long. */
  async function settled(): Promise<SeenTraining[]> {
    for (const deadline = Date.now() + SETTLED_MS; ; await delay(100)) {
      const trainings = await alice.list();
      const recorded: JobHoldings = { folders: await idsOf('true'), kept: await idsOf('true'), running: await idsOf(`state = 'RUNNING'`) };
      const held = await engine.holdings(platform);
      // A job that was ended before it was staged has left nothing.
      const isEqual = held.running.join() === recorded.running.join() && [held.folders, held.kept].every((ids) => ids.every((id) => recorded.kept.includes(id)));
      if (trainings.every(({ state }) => SETTLED.includes(state)) && trainings.length === recorded.kept.length && isEqual) return trainings;
      if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify({ trainings, recorded, held })}\n${platform.output().slice(-3_000)}`);
    }
  }

  const cases = crashCases(STATEMENTS);

  test.each(sampleOf('kill -9 of submit, finish, stop and delete', cases, sample))(
    'killed at statement $statement of $work (the statement $ending): every training runs, is over or is gone, the engine holds what our table says, and the request can be repeated',
    async ({ work, ending, statement }) => {
      const clientToken = randomUUID();
      const text = work === 'finish' ? SHORT : ENDLESS;
      const goal = work === 'finish' ? 'FINISHED' : 'RUNNING';
      const create = async () => alice.until((await alice.create(text, { clientToken })).id, goal);
      const before = work === 'stop' || work === 'delete' ? await create() : undefined;

      await crash.arm(statement);
      await crash.killDuring(platform, ending, async () => {
        if (work === 'stop') {
          await alice.stop(before!.id);
          await alice.until(before!.id, 'KILLED');
        } else if (work === 'delete') {
          await alice.delete(before!.id);
          await settled();
        } else await create();
      });

      const trainings = await settled();
      expect(trainings.length).toBeLessThanOrEqual(1);
      if (!before) {
        const { id } = await create();
        expect((await settled()).map((training) => training.id)).toEqual([id]);
      } else if (work === 'stop') {
        await alice.stop(before.id);
        await alice.until(before.id, 'KILLED');
        expect((await engine.holdings(platform)).running).toEqual([]);
      }
      for (const { id } of await settled()) await alice.delete(id);
      expect(await settled()).toEqual([]);
      expect(await engine.holdings(platform)).toEqual({ folders: [], kept: [], running: [] });
      expect((await database.query('select from ai_arts.file_set_claim')).rows).toEqual([]);
    },
    240_000,
  );
}
