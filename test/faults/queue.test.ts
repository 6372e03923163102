import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { full } from '../testkit/seed.js';
import { ENDLESS, endJobs, LOCAL_ENGINE, Trainer } from '../testkit/training.js';

// Thousands of trainings that wait for this host.

const COUNT = full ? 5_000 : 60;
/** So many of them are left to run. */
const KEPT = 5;
const AT_ONCE = 16;
/** All processors, so that they run one after the other. */
const ALL = { deviceNum: Number(LOCAL_ENGINE.ENGINE_LOCAL_CPUS) };

interface Listed {
  id: string;
  state: string;
  startedAt: string | null;
}

let platform: Platform;
let alice: Trainer;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, TRAININGS_PER_USER: '10000' } });
  alice = new Trainer(await actor(await admin(platform), 'alice'));
});
afterAll(async () => {
  if (platform) await endJobs(platform);
  await platform?.dispose();
});

/** Every training, the oldest first, page by page. */
async function listed(): Promise<Listed[]> {
  const all: Listed[] = [];
  for (let after: string | null = null; ; ) {
    const { trainings } = await alice.actor.ask('query ($after: String) { trainings(first: 100, after: $after, direction: ASCENDING) { totalCount nodes { id state startedAt } pageInfo { hasNextPage endCursor } } }', { after });
    all.push(...(trainings.nodes as Listed[]));
    if (!trainings.pageInfo.hasNextPage) {
      expect(all).toHaveLength(trainings.totalCount as number);
      return all;
    }
    after = trainings.pageInfo.endCursor as string;
  }
}

/** Does something about each of them, a few at the same time. */
async function each<Item>(items: Iterable<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
  const left = items[Symbol.iterator]();
  const inTurn = async (): Promise<void> => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn));
}

test(`${COUNT} of them outlive a kill -9, are listed whole, can be stopped, and the others run in the order in which they came`, { timeout: full ? 3_600_000 : 400_000 }, async () => {
  const blocker = await alice.running(ENDLESS, ALL);
  const created = new Set<string>();
  await each(Array.from({ length: COUNT }).keys(), async () => created.add((await alice.create('true\n', ALL)).id));
  await platform.kill();
  await platform.start();

  const waiting = (await listed()).filter(({ id }) => id !== blocker.id);
  expect(new Set(waiting.map(({ id }) => id))).toEqual(created);
  expect(waiting.filter(({ state }) => state !== 'QUEUED')).toEqual([]);

  const kept = waiting.filter((_, place) => place % (COUNT / KEPT) === 0);
  await each(waiting.filter((training) => !kept.includes(training)), ({ id }) => alice.stop(id));
  await alice.stop(blocker.id);
  for (const { id } of kept) await alice.until(id, 'FINISHED');
  await until('all others to be KILLED', async () => (await listed()).filter(({ state }) => state === 'KILLED').length === COUNT + 1 - KEPT);

  const ran = (await listed()).filter(({ state }) => state === 'FINISHED');
  expect(ran.map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
  expect(ran.map(({ startedAt }) => startedAt)).toEqual(ran.map(({ startedAt }) => startedAt!).toSorted());
});
