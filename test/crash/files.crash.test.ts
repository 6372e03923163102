import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { zipOf } from '../../subgraphs/ai-arts/src/testkit/archives.js';
import { actor, admin } from '../testkit/actor.js';
import { crashCases, CrashPoint } from '../testkit/crash-point.js';
import { fileHoldings, Librarian, type FileHoldings } from '../testkit/library.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { sampleOf } from '../testkit/seed.js';

// However we are killed while files come, are unpacked or go: after a restart the store has the files of our rows and no others.

/** Statements that each work writes, at the most. */
const STATEMENTS = { upload: 14, delete: 8 };
const SAMPLE = 3;
const SETTLED_MS = 60_000;

let platform: Platform;
let crash: CrashPoint;
let alice: Librarian;

beforeAll(async () => {
  platform = await startPlatform({ environment: { AI_ARTS_DELETED_HOURS: '0' } });
  alice = new Librarian(await actor(await admin(platform), 'alice'));
  crash = await CrashPoint.install(platform.databaseUrl!);
}, 300_000);

afterAll(async () => {
  await crash?.close();
  await platform?.dispose();
}, 120_000);

// One that did not start in time must not take all cases after it with it.
beforeEach(() => platform.recover());

/** Waits until nothing is in between; tells what is not so when that takes too long. */
async function settled(): Promise<FileHoldings> {
  for (const deadline = Date.now() + SETTLED_MS; ; await delay(100)) {
    const held = await fileHoldings(platform);
    if (held.between.length === 0 && held.incoming.length === 0 && held.stored === held.recorded) return held;
    if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify(held)}\n${platform.output().slice(-3_000)}`);
  }
}

const cases = crashCases(STATEMENTS);

test.each(sampleOf('kill -9 of uploads and deletions', cases, SAMPLE))(
  'killed at statement $statement of $work (the statement $ending): the dataset is there with all its files, or nothing of it is',
  async ({ work, ending, statement }) => {
    const before = await settled();
    const name = randomUUID();
    const upload = () => alice.dataset(name, 'x.zip', zipOf(['a', 'b/c', 'd'].map((file) => ({ name: file, data: file }))));
    const remove = (id: string) => alice.actor.ask('mutation ($id: ID!) { deleteDataset(id: $id) }', { id });
    const there = work === 'delete' ? await upload() : undefined;

    await crash.arm(statement);
    const isReached = await crash.killDuring(platform, ending, () => (there ? remove(there.id) : upload()));
    // What was deleted goes with a sweep, at the start or a minute later.
    if (!isReached && there) {
      await platform.kill();
      await platform.start();
    }

    const [found] = await alice.datasets({ name });
    if (found) {
      expect(found.fileCount).toBe(3);
      await remove(found.id);
      await platform.kill();
      await platform.start();
    }
    // Files that no dataset was made of in time are kept for their uploader, whole.
    const after = await settled();
    expect([0, 3]).toContain(after.stored - before.stored);
    if (there || found) expect(after).toEqual(before);
  },
  240_000,
);
