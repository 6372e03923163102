import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { AiArtsClient, expectRefused } from '../testkit/ai-arts.client.js';
import { fileHoldings, Librarian } from '../testkit/library.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { endJobs, LOCAL_ENGINE, localHoldings, Trainer } from '../testkit/training.js';

// A data folder whose disk is full, while files come, are brought to a job, and are written by one.

const run = promisify(execFile);
const MIB = 1024 ** 2;
const SIZE_MIB = 40;

const mount = async (folder: string): Promise<unknown> => run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=755`, 'tmpfs', folder]);

/** Removes a folder that has something mounted on it. */
async function unmount(folder: string): Promise<void> {
  await run('umount', ['-l', folder]);
  await rmdir(folder);
}

/** Only root may, and not in every container. */
async function mayMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-full-'));
  return mount(folder).then(
    () => unmount(folder).then(() => true),
    () => rmdir(folder).then(() => false),
  );
}

describe.skipIf(!(await mayMount()))('a disk that is full', { timeout: 200_000 }, () => {
  let folder: string;
  let filler: string;
  let platform: Platform;
  let alice: Trainer;
  let librarian: Librarian;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hutong-full-'));
    filler = join(folder, 'filler');
    await mount(folder);
    platform = await startPlatform({ environment: { ...LOCAL_ENGINE, HUTONG_DATA_DIR: folder } });
    alice = new Trainer(await actor(await admin(platform), 'alice'));
    librarian = new Librarian(alice.actor);
  });

  afterAll(async () => {
    if (platform) await endJobs({ dataDirectory: folder });
    await platform?.dispose();
    await unmount(folder);
  });

  const held = () => fileHoldings({ ...platform, databaseUrl: platform.databaseUrl, dataDirectory: folder });

  test('an upload is refused with STORE_FULL and leaves nothing; one that has room is taken', { tags: ['ai-arts/0/30002'] }, async () => {
    const large = randomBytes((SIZE_MIB + 4) * MIB);
    await expect(librarian.dataset('large', 'large.bin', large)).rejects.toThrow(/STORE_FULL/);
    expectRefused(await new AiArtsClient(alice.actor).upload('/datasets/upload', large, 'large.bin'), [400, 30002], /./);
    await until('nothing to be left of it', async () => {
      const { stored, recorded, incoming } = await held();
      return stored + recorded + incoming.length === 0;
    });
    expect((await librarian.dataset('small', 'small.bin', 'x')).fileCount).toBe(1);
  });

  test('a job waits, and says why, while there is no room for its files, and runs when there is', async () => {
    const dataset = await librarian.dataset('digits', 'digits.bin', randomBytes(8 * MIB));
    await writeFile(filler, Buffer.alloc((SIZE_MIB - 12) * MIB));
    const { id } = await alice.create('wc -c < $2/digits.bin\n', { datasetId: dataset.id });
    await until('the reason why it waits', async () => /room|full/i.test((await alice.look(id))!.stateReason ?? ''));
    expect((await alice.look(id))!.state).toBe('QUEUED');
    await rm(filler);
    await alice.until(id, 'FINISHED');
    expect((await alice.log(id)).trim()).toBe(String(8 * MIB));
    await alice.delete(id);
  });

  test('a job that fills it fails, how it ended is known, and when it is deleted there is room for the next', async () => {
    const { id } = await alice.create(`head -c ${2 * SIZE_MIB}M /dev/zero\n`);
    expect(await alice.until(id, 'FAILED')).toMatchObject({ exitCode: 1 });
    await alice.delete(id);
    await until('it to be gone', async () => !(await localHoldings({ dataDirectory: folder })).folders.includes(id));
    const next = await alice.create('echo room again\n');
    await alice.until(next.id, 'FINISHED');
    expect(await alice.log(next.id)).toBe('room again\n');
  });
});
