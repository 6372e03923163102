import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineJobSpec } from '@hutong/ai-arts/drivers/engine';
import type { LocalEngineDriver } from '@hutong/ai-arts/drivers/engine/local';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bubblewrap, isMissing } from '../testkit/engines.js';
import { processesOfJob } from '../testkit/job-processes.js';
import { until } from '../testkit/processes.js';
import { full } from '../testkit/seed.js';
import { ENDLESS, JobSubmitter } from './job.submitter.js';
import { localEngine, type LocalEngineUnderTest } from './local.engine.js';

// What jobs on this host do beyond what every engine does.

const run = promisify(execFile);
const MIB = 1024 ** 2;
const isRoot = process.geteuid?.() === 0;
const { signal } = new AbortController();

/** How many processes have a word in their command line. */
async function countOf(word: string): Promise<number> {
  const { stdout } = await run('ps', ['axww', '-o', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(word)).length;
}

let engine: LocalEngineUnderTest;
let driver: LocalEngineDriver;
let jobs: JobSubmitter;

/** @param prepare makes the data folder special; what it resolves with makes it ordinary again */
function onEngine(sandbox: 'bubblewrap' | 'none', prepare: (engine: LocalEngineUnderTest) => Promise<() => Promise<unknown>> = async () => async () => undefined): void {
  let restore: (() => Promise<unknown>) | undefined;
  beforeAll(async () => {
    engine = await localEngine(sandbox);
    restore = await prepare(engine);
    driver = await engine.open();
    jobs = new JobSubmitter(driver, () => engine.newFolder());
  });
  afterEach(() => jobs.tidyUp());
  afterAll(async () => {
    await driver?.close();
    await restore?.();
    await engine?.remove();
  });
}

describe.skipIf(isMissing(bubblewrap))('a job in bubblewrap', () => {
  onEngine('bubblewrap');

  test('cannot hide: what left its group, its parent and its environment ends with it', async () => {
    const word = `7${Date.now()}`;
    const hide = `env -i setsid sh -c 'sleep ${word} & sleep ${word} &' & sleep 0.3`;
    const job = await jobs.shell(hide);
    expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED' });
    expect(await countOf(word)).toBe(0);
    const stopped = await jobs.shell(`${hide}; echo begun; sleep 1000`);
    await jobs.untilSays(stopped, 'begun');
    expect(await countOf(word)).toBeGreaterThan(0);
    await driver.stop(stopped, 0, signal);
    await jobs.ended(stopped);
    expect(await countOf(word)).toBe(0);
  });

  test('is ended, too, when it fills memory by files', async () => {
    const job = await jobs.shell('head -c 100M /dev/zero > /dev/shm/large; sleep 1000', { memoryBytes: 64 * MIB });
    expect(await jobs.ended(job)).toMatchObject({ end: 'MEMORY' });
  });

  test('has no network unless it asks for it', async () => {
    const server = createServer((socket) => socket.end('reached'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ask = ['node', '-e', `require('net').connect(${port}, '127.0.0.1').on('data', console.log).on('error', ({ code }) => console.log(code))`];
    const [without, within] = [await jobs.run(ask, { network: false }), await jobs.run(ask, { network: true })];
    for (const job of [without, within]) await jobs.ended(job);
    expect([await jobs.text(without), await jobs.text(within)]).toEqual(['ECONNREFUSED\n', expect.stringContaining('Buffer')]);
    server.close();
  });

  test('has no privileges, and sees neither other processes nor the data folder nor our home', async () => {
    const job = await jobs.shell('grep -E "NoNewPrivs|CapEff" /proc/self/status; ls -d /proc/[0-9]* | wc -l; ls -A $(dirname $HOME); id -u; ls -A /root /home 2>&1 | grep -c .');
    await jobs.ended(job);
    const [capabilities, noNew, processes, folders, user] = (await jobs.text(job)).split('\n');
    expect([capabilities, noNew]).toEqual(['CapEff:\t0000000000000000', 'NoNewPrivs:\t1']);
    expect(Number(processes)).toBeLessThan(8);
    expect(folders).toBe(job.folder.split('/').at(-1));
    expect(Number(user)).not.toBe(0);
  });

  test('finds its folder in its place also below /tmp, where it has its own', async () => {
    const job = await jobs.shell('touch /tmp/mine; ls /tmp; pwd');
    await jobs.ended(job);
    expect(await jobs.text(job)).toMatch(/^hutong-engine-\w+\nmine\n/);
    expect(await jobs.text(job)).toContain(join(job.folder, 'work'));
  });
});

describe('a job without a sandbox', () => {
  onEngine('none');

  test('is found by its environment, whoever its parent is', async () => {
    const job = await jobs.shell('(setsid sh -c "sleep 1000 & sleep 1001 &" &); sleep 0.2; echo begun; sleep 1000');
    await jobs.untilSays(job, 'begun');
    expect((await processesOfJob(job.id)).length).toBeGreaterThan(2);
    await driver.stop(job, 0, signal);
    await jobs.ended(job);
    expect(await processesOfJob(job.id)).toEqual([]);
  });

  test.runIf(isRoot)('is not root, and can write in its folder', async () => {
    const job = await jobs.shell('id -u; echo mine > ../mine; touch /etc/mine');
    expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED', exitCode: 1 });
    expect((await jobs.text(job)).split('\n')[0]).not.toBe('0');
    expect(await readFile(join(job.folder, 'mine'), 'utf8')).toBe('mine\n');
  });

  test('may write a million lines a second, and we answer all the while', async () => {
    const job = await jobs.shell('yes "one line of many" | head -n 4000000');
    let answers = 0;
    for (let view = await jobs.look(job); view.state !== 'ENDED'; view = await jobs.look(job)) answers += 1;
    expect(answers).toBeGreaterThan(10);
    const { bytes, sizeBytes } = await driver.log(job, { task: 0, from: 3_999_999 * 17, most: 100 }, signal);
    expect([Buffer.from(bytes).toString(), sizeBytes]).toEqual(['one line of many\n', 4_000_000 * 17]);
  });

  test('may have a log of more than 2 GB, which is read in parts', async () => {
    const job = await jobs.run(['node', '-e', `const { ftruncateSync, writeSync } = require('fs'); ftruncateSync(1, 3 * 2 ** 30); writeSync(1, 'the end')`]);
    await jobs.ended(job);
    const { bytes, sizeBytes } = await driver.log(job, { task: 0, from: 3 * 2 ** 30, most: 100 }, signal);
    expect([Buffer.from(bytes).toString(), sizeBytes]).toEqual(['the end', 3 * 2 ** 30 + 7]);
  });

  test('that is given a folder which is gone by the time it starts is LOST and says which', async () => {
    const first = await jobs.occupy();
    const dataset = await engine.newFolder();
    const job = await jobs.shell('true', { readOnly: [dataset] });
    await rm(dataset, { recursive: true });
    await driver.stop(first, 0, signal);
    expect(await jobs.ended(job)).toMatchObject({ end: 'LOST', reason: expect.stringContaining(dataset.split('/').at(-1)!) as string, startedAt: null });
  });

  test('whose keeper is gone is LOST, also when another process has the id of the keeper by now', async () => {
    const [before, reused] = [await jobs.run(ENDLESS), await jobs.run(ENDLESS)];
    for (const job of [before, reused]) await jobs.untilSays(job, 'begun');
    await driver.close();
    const startTime = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]!.split(' ')[19]!;
    for (const [job, over] of [
      [before, { pid: process.pid, startTime, bootId: 'of another boot' }],
      [reused, { pid: process.pid, startTime: '1' }],
    ] as const) {
      const file = join(engine.dataDirectory, 'ai-arts', 'engine', job.id, 'keeper.json');
      const record = JSON.parse(await readFile(file, 'utf8')) as { keeper: { pid: number } };
      process.kill(record.keeper.pid, 'SIGKILL');
      await writeFile(file, JSON.stringify({ ...record, keeper: { ...record.keeper, ...over } }));
    }
    driver = jobs.driver = await engine.open();
    for (const job of [before, reused]) expect(await jobs.ended(job)).toMatchObject({ end: 'LOST' });
  });

  test('gets GPUs of its own, of the kind that it asks for', async () => {
    const folder = await engine.newFolder();
    const listing = 'printf "%s\\n" "0, GPU-a, NVIDIA A100-SXM4-40GB" "1, GPU-b, NVIDIA A100-SXM4-40GB" "2, GPU-c, Tesla T4"';
    await writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\n${listing}\n`, { mode: 0o755 });
    await driver.close();
    driver = jobs.driver = await engine.open({ searchPath: `${folder}${delimiter}${process.env.PATH}` });
    expect((await driver.status(signal)).total.gpus).toBe(3);
    await expect(jobs.run(['true'], { gpus: 2, gpuModel: 't4' })).rejects.toMatchObject({ fault: 'INVALID', message: expect.stringContaining('2 GPUs of the kind t4') as string });
    const say = 'echo $CUDA_VISIBLE_DEVICES; sleep 1000';
    const [one, two, none] = [await jobs.shell(say, { gpus: 1, gpuModel: 'A100' }), await jobs.shell(say, { gpus: 1 }), await jobs.shell(say, { gpus: 2, cpus: 2 })];
    for (const job of [one, two]) await jobs.untilSays(job, 'GPU');
    expect([await jobs.text(one), await jobs.text(two)]).toEqual(['GPU-a\n', 'GPU-b\n']);
    expect((await driver.status(signal)).free.gpus).toBe(1);
    for (const job of [one, two]) await driver.stop(job, 0, signal);
    await jobs.untilSays(none, 'GPU-a,GPU-b');
  });
});

describe.runIf(isRoot)('a job on a disk that is full', () => {
  onEngine('none', async ({ dataDirectory }) => {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=755', 'tmpfs', dataDirectory]);
    return () => run('umount', ['-l', dataDirectory]);
  });

  test('loses what it wrote last, but not how it ended; new ones are refused until there is room again', async () => {
    const [filler, refused] = [await jobs.newSpec(['head', '-c', '10M', '/dev/zero']), await jobs.newSpec(['true'])];
    const job = await jobs.submit(filler);
    expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED', exitCode: 1 });
    expect((await driver.log(job, { task: 0, from: 0, most: 1 }, signal)).sizeBytes).toBeGreaterThan(MIB);
    await expect(jobs.submit(refused)).rejects.toMatchObject({ fault: 'QUOTA', message: expect.stringContaining('disk') as string });
    await rm(join(job.folder, 'task-0.log'));
    expect(await jobs.ended(await jobs.submit(refused))).toMatchObject({ end: 'EXITED', exitCode: 0 });
  });
});

describe('several processes on one data folder', () => {
  let other: LocalEngineDriver;
  onEngine('none');
  beforeAll(async () => {
    // The first has started something, so it has the queue.
    await jobs.ended(await jobs.shell('true'));
    await jobs.tidyUp();
    other = await engine.open();
  });
  afterAll(() => other?.close());

  test('each takes jobs and hears of them, one starts them, and the other takes over when that one is gone', async () => {
    const heard = new Set<string>();
    other.onChange((id) => heard.add(id));
    const byOther = new JobSubmitter(other, () => engine.newFolder());
    const specs = await Promise.all(Array.from({ length: 4 }, () => byOther.newSpec(['sh', '-c', 'echo once >> ../count'], { memoryBytes: 32 * MIB })));
    for (const spec of specs) await Promise.all([jobs.submit(spec), byOther.submit(spec)]);
    for (const job of byOther.submitted.values()) await byOther.ended(job);
    for (const { folder } of specs) expect(await readFile(join(folder, 'count'), 'utf8')).toBe('once\n');
    await until('the other to hear of each', () => specs.every(({ id }) => heard.has(id)));
    const job = await byOther.run(ENDLESS);
    await byOther.untilIn(['RUNNING'], job);
    expect((await other.status(signal)).free.cpus).toBe(1);
    const waiting = await byOther.shell('true', { cpus: 2 });
    await driver.close();
    await other.stop(job, 0, signal);
    await byOther.ended(waiting);
    driver = jobs.driver = await engine.open();
    await byOther.tidyUp();
    jobs.submitted.clear();
  });
});

describe('thousands of jobs that wait', () => {
  const count = full ? 5_000 : 500;
  onEngine('none');

  test('are all known after a restart, keep their order, and can be ended', { timeout: 600_000 }, async () => {
    const blocker = await jobs.occupy();
    const folder = await engine.newFolder();
    const specs: EngineJobSpec[] = [];
    for (let n = 0; n < count; n++) specs.push(await jobs.newSpec(['sh', '-c', `echo ${n} >> ${folder}/order`], { folder, workingFolder: folder, cpus: 2, memoryBytes: 32 * MIB }));
    const few = specs.slice(0, 5).map(({ id }) => ({ id, engineId: id, folder, tasks: 1 }));
    for (const spec of specs.slice(0, few.length)) await jobs.submit(spec);
    await Promise.all(specs.slice(few.length).map((spec) => jobs.submit(spec)));
    await driver.close();
    driver = jobs.driver = await engine.open();
    const all = [...jobs.submitted.values()].filter(({ id }) => id !== blocker.id);
    expect((await driver.look(all, signal)).filter(({ state }) => state === 'QUEUED')).toHaveLength(count);
    expect(await driver.listOurs(signal)).toHaveLength(count + 1);
    await Promise.all(all.slice(few.length).map((job) => driver.stop(job, 0, signal)));
    await driver.stop(blocker, 0, signal);
    for (const job of few) await jobs.ended(job);
    const order = (await readFile(join(folder, 'order'), 'utf8')).trim().split('\n').map(Number);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('jobs on a host that is not fit for them', () => {
  beforeAll(async () => void (engine = await localEngine('none')));
  afterAll(() => engine?.remove());

  test('a bubblewrap that does not work is told with its words: with `auto` jobs run without it, else none runs', async () => {
    const folder = await engine.newFolder();
    await writeFile(join(folder, 'bwrap'), '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2; exit 1\n');
    await chmod(join(folder, 'bwrap'), 0o755);
    const searchPath = `${folder}${delimiter}${process.env.PATH}`;
    const words = /does not work here \(bwrap: No permissions/;
    const auto = await engine.open({ sandbox: 'auto', searchPath });
    expect(await auto.status(signal)).toMatchObject({ ready: true, isolated: false, message: expect.stringMatching(words) as string });
    await auto.close();
    const strict = await engine.open({ sandbox: 'bubblewrap', searchPath });
    expect(await strict.status(signal)).toMatchObject({ ready: false, message: expect.stringMatching(words) as string });
    const submitter = new JobSubmitter(strict, () => engine.newFolder());
    await expect(submitter.run(['true'])).rejects.toMatchObject({ fault: 'MISCONFIGURED', message: expect.stringMatching(words) as string });
    await strict.close();
  });

  test.runIf(isRoot)('a user that does not exist is named', async () => {
    const other = await engine.open({ user: 'nobody-at-all' });
    expect(await other.status(signal)).toMatchObject({ ready: false, message: expect.stringContaining('ENGINE_LOCAL_USER') as string });
    await other.close();
  });
});
