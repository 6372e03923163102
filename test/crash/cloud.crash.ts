import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { crashCases, CrashPoint } from '../testkit/crash-point.js';
import { recordedHoldings, type PlatformCloud } from '../testkit/platform-cloud.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { sampleOf } from '../testkit/seed.js';
import { MachineUser, type SeenMachine } from '../testkit/virtual-machine.js';

/** Statements that each work writes, with what is asked of the cloud between them. A cancelled launch may have come so far that there are more. */
const STATEMENTS = { launch: 9, destroy: 8, cancel: 6 };
const SAMPLE = 3;
/** Within this time of a restart everything is as it should be. */
const SETTLED_MS = 30_000;
const SETTLED: SeenMachine['state'][] = ['ACTIVE', 'ERROR'];

/** However we are killed: after a restart the cloud holds what our table says, and nothing stays in between. */
export function cloudCrashes(openCloud: () => Promise<PlatformCloud>): void {
  let cloud: PlatformCloud;
  let platform: Platform;
  let crash: CrashPoint;
  let database: Client;
  let alice: MachineUser;

  beforeAll(async () => {
    cloud = await openCloud();
    platform = await startPlatform({ environment: cloud.environment });
    alice = new MachineUser(await actor(await admin(platform), 'alice'), cloud);
    database = new Client({ connectionString: platform.databaseUrl });
    await database.connect();
    crash = await CrashPoint.install(platform.databaseUrl!);
  }, 300_000);

  afterAll(async () => {
    await crash?.close();
    await database?.end();
    await platform?.dispose();
    await cloud?.remove();
  }, 120_000);

  // One that did not start in time must not take all cases after it with it.
  beforeEach(() => platform.recover());

  /** Waits until nothing is in between and the cloud equals our table; tells what is not so when that takes too long. */
  async function settled(): Promise<SeenMachine[]> {
    for (const deadline = Date.now() + SETTLED_MS; ; await delay(100)) {
      const [machines, table, held] = [await alice.list(), await recordedHoldings(database), await cloud.holdings()];
      if (machines.every(({ state }) => SETTLED.includes(state)) && table.join() === held.join()) return machines;
      if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify({ machines, table, held })}\n${platform.output().slice(-3_000)}`);
    }
  }

  const cases = crashCases(STATEMENTS);
  const sampled = sampleOf('kill -9 of launch and destroy', cases, SAMPLE);

  test.each(sampled)(
    'killed at statement $statement of $work (the statement $ending): every machine is ACTIVE, in ERROR or gone, the cloud holds what our table says, and the request can be repeated',
    async ({ work, ending, statement }) => {
      const clientToken = randomUUID();
      const launch = (waitSeconds: number) => alice.launch({ clientToken, waitSeconds });
      if (work === 'destroy') await launch(60);
      // The launch is under way, or about to begin.
      if (work === 'cancel') await launch(0);
      const id = work === 'launch' ? undefined : (await alice.list())[0]!.id;

      await crash.arm(statement);
      const wasKilled = await crash.killDuring(platform, ending, () => (id === undefined ? launch(60) : alice.destroy(id)));
      // How much a cancelled launch writes depends on how far it came.
      if (work !== 'cancel') expect(wasKilled).toBe(true);

      const machines = await settled();
      expect(machines.length).toBeLessThanOrEqual(1);
      if (id === undefined) {
        const { id: launched, state } = await launch(60);
        expect(state).toBe('ACTIVE');
        expect((await settled()).map((machine) => machine.id)).toEqual([launched]);
        await alice.destroy(launched);
      } else if (machines.length > 0) await alice.destroy(id);
      expect(await settled()).toEqual([]);
      expect(await cloud.holdings()).toEqual([]);
    },
    240_000,
  );
}
