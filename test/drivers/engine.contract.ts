import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, type EngineDriver, type EngineJobReference, type EngineJobState } from '@hutong/ai-arts/drivers/engine';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { processesOfJob, TEST_JOB } from '../testkit/job-processes.js';
import { until } from '../testkit/processes.js';
import { ENDLESS, JobSubmitter } from './job.submitter.js';

/** A real engine to hold a driver against. Its machines are this host, so that what a job leaves can be found here. */
export interface EngineUnderTest {
  /** A driver as a start of ours opens it; called again it is the driver after a restart, with the same settings. */
  open(): Promise<EngineDriver>;
  /** An empty folder that a job may be given. */
  newFolder(): Promise<string>;
  /** Ends a running job as somebody else would who does not know of us, without a word of how. */
  loseJob(job: EngineJobReference): Promise<void>;
  /** Whether jobs are kept from each other's files. */
  isolates: boolean;
  /** Whether a job that takes too much memory is ended. */
  limitsMemory: boolean;
  /** The shortest time limit that the engine keeps, in seconds. */
  timeLimitSeconds: number;
}

type Words = { fault?: string; reason?: string };

const MIB = 1024 ** 2;
const LIVING: EngineJobState[] = ['QUEUED', 'SCHEDULING', 'RUNNING'];
const ORDER: EngineJobState[] = [...LIVING, 'ENDED', 'GONE'];
const LONG = 240_000;
const OUR_SECRET = 'HUTONG_TEST_SECRET_OF_OURS';

/** What every driver promises, in the words of `drivers/engine/engine.ts`. */
export function engineContract(prepare: () => Promise<EngineUnderTest>): void {
  let engine: EngineUnderTest;
  let driver: EngineDriver;
  let jobs: JobSubmitter;
  const { signal } = new AbortController();

  beforeAll(async () => {
    process.env[OUR_SECRET] = 'must not be seen';
    engine = await prepare();
    driver = await engine.open();
    jobs = new JobSubmitter(driver, () => engine.newFolder());
    await until('the engine to be ready', async () => (await driver.status(signal)).ready);
  }, LONG);

  afterEach(async () => {
    await jobs.tidyUp();
  }, LONG);

  afterAll(async () => {
    delete process.env[OUR_SECRET];
    await driver?.close();
  });

  const failure = (work: Promise<unknown>): Promise<Words> =>
    work.then(
      () => ({ reason: 'it did not fail' }),
      (error: unknown) => (error instanceof EngineError ? { fault: error.fault } : { reason: String(error) }),
    );

  test('it is ready, and tells how much there is and how much of it is free', async () => {
    const { ready, isolated, total, free } = await driver.status(signal);
    expect({ ready, isolated }).toEqual({ ready: true, isolated: engine.isolates });
    expect(total.cpus).toBeGreaterThanOrEqual(1);
    expect(total.memoryBytes).toBeGreaterThanOrEqual(256 * MIB);
    expect(free).toEqual(total);
    const job = await jobs.run(ENDLESS);
    await jobs.untilIn(['RUNNING'], job);
    await until('what is taken to be seen', async () => (await driver.status(signal)).free.cpus === total.cpus - 1);
  });

  test('a job runs where it should, with its own arguments and environment and nothing of ours, and its log is what it said', async () => {
    const argv = ['', ' two  words ', '"\'`$HOME\\', '互通', 'two\nlines', '*', '--', '-n'];
    const program = `const { argv, env, cwd } = process; console.log(JSON.stringify({ argv: argv.slice(1), env, cwd: cwd() })); console.error('and an error');`;
    const spec = await jobs.newSpec(['node', '-e', program, '--', ...argv], { environment: { GREETING: 'two\nlines of 互通' } });
    const job = await jobs.submit(spec);
    const view = await jobs.ended(job);
    expect(view).toMatchObject({ id: job.id, engineId: job.engineId, end: 'EXITED', exitCode: 0, signal: null, host: expect.stringMatching(/./) as string });
    expect(view.startedAt!.getTime()).toBeLessThanOrEqual(view.endedAt!.getTime());
    const [line, error] = (await jobs.text(job)).trimEnd().split('\n');
    const seen = JSON.parse(line!) as { argv: string[]; env: Record<string, string>; cwd: string };
    expect(error).toBe('and an error');
    expect(seen.argv).toEqual(argv);
    expect(seen.cwd).toBe(spec.workingFolder);
    expect(seen.env).toMatchObject({ GREETING: 'two\nlines of 互通', RANK: '0', WORLD_SIZE: '1' });
    expect(Object.keys(seen.env)).not.toContain(OUR_SECRET);
    expect(Object.values(seen.env)).not.toContain('must not be seen');
  });

  test('it writes in its folder and below, and what it writes stays when it is forgotten', async () => {
    const job = await jobs.shell('mkdir ../output && echo kept > ../output/model');
    expect(await jobs.ended(job)).toMatchObject({ exitCode: 0 });
    await driver.forget(job, signal);
    expect(await jobs.look(job)).toMatchObject({ state: 'GONE', neverBegun: false });
    expect(await readFile(join(job.folder, 'output', 'model'), 'utf8')).toBe('kept\n');
    await driver.forget(job, signal);
  });

  test('a folder may be used again by another job when the first has ended: neither is taken for the other', async () => {
    const spec = await jobs.newSpec(ENDLESS);
    const first = await jobs.submit({ ...spec, argv: ['true'] });
    await jobs.ended(first);
    const id = randomUUID();
    const second = await jobs.submit({ ...spec, id, environment: { [TEST_JOB]: id } });
    await driver.forget(first, signal);
    await until('what the second says', async () => (await jobs.text(second)) === 'begun\n');
    expect([(await jobs.look(first)).state, (await jobs.look(second)).state]).toEqual(['GONE', 'RUNNING']);
  });

  test('how a program ended is told: its exit code, or the signal that ended it', async () => {
    const [code, killed] = await Promise.all([jobs.shell('exit 7'), jobs.shell('kill -SEGV $$')]);
    expect(await jobs.ended(code)).toMatchObject({ end: 'EXITED', exitCode: 7, signal: null });
    expect(await jobs.ended(killed)).toMatchObject({ end: 'SIGNALLED', signal: 'SIGSEGV', reason: expect.stringMatching(/./) as string });
  });

  test('a program that is not there ends the job, and does not look like success', async () => {
    const view = await jobs.ended(await jobs.run(['no-such-program-anywhere']));
    expect(['EXITED', 'LOST']).toContain(view.end);
    expect(view.exitCode).not.toBe(0);
  });

  test('a submit that is repeated, also at the same time or when the job has ended, makes no second job', async () => {
    const spec = await jobs.newSpec(['sh', '-c', 'echo once >> ../count; sleep 1']);
    jobs.submitted.set(spec.id, { id: spec.id, engineId: null, folder: spec.folder, tasks: 1 });
    const answers = await Promise.all([1, 2, 3].map(() => driver.submit(spec, signal)));
    const job = await jobs.submit(spec);
    expect(new Set(answers.map(({ engineId }) => engineId))).toEqual(new Set([job.engineId]));
    await jobs.ended(job);
    expect(await driver.submit(spec, signal)).toEqual({ engineId: job.engineId });
    expect(await driver.listOurs(signal)).toHaveLength(1);
    expect(await readFile(join(spec.folder, 'count'), 'utf8')).toBe('once\n');
  });

  test('its states come in their order, and each change is heard of where the engine tells', async () => {
    const heard: string[] = [];
    const silence = driver.onChange((id) => heard.push(id));
    const job = await jobs.shell('sleep 1');
    const states: EngineJobState[] = [];
    await until('its end', async () => {
      states.push((await jobs.look(job)).state);
      return states.at(-1) === 'ENDED';
    });
    expect(states.map((state) => ORDER.indexOf(state))).toEqual(states.map((state) => ORDER.indexOf(state)).toSorted((a, b) => a - b));
    if (driver.name === 'local') await until('it to be heard', () => heard.includes(job.id));
    silence();
  });

  test('tasks start together, each knows its place and has a log of its own; the first that failed tells the exit code', async () => {
    const job = await jobs.shell('echo "$RANK of $WORLD_SIZE"; [ $RANK = 0 ] || exit $((RANK + 4))', { tasks: 2, memoryBytes: 64 * MIB });
    expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED', exitCode: 5 });
    expect([await jobs.text(job, 0), await jobs.text(job, 1)]).toEqual(['0 of 2\n', '1 of 2\n']);
    expect(await failure(driver.log(job, { task: 2, from: 0, most: 10 }, signal))).toEqual({ fault: 'NOT_FOUND' });
  });

  test('a job waits while there is no room, and jobs start in the order in which they were submitted', async () => {
    const first = await jobs.occupy();
    const { total } = await driver.status(signal);
    const next: EngineJobReference[] = [];
    for (let n = 0; n < 3; n++) next.push(await jobs.shell('date +%s.%N', { cpus: total.cpus }));
    await delay(300);
    for (const job of next) expect(await jobs.look(job)).toMatchObject({ state: 'QUEUED', reason: expect.stringMatching(/./) as string, startedAt: null, host: null });
    await driver.stop(first, 0, signal);
    const times: number[] = [];
    for (const job of next) {
      await jobs.ended(job);
      times.push(Number(await jobs.text(job)));
    }
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }, LONG);

  test('a job that is stopped while it waits never starts', async () => {
    const first = await jobs.occupy();
    const waiting = await jobs.shell('echo ran > ../ran');
    await driver.stop(waiting, 60, signal);
    expect(await jobs.ended(waiting)).toMatchObject({ end: 'STOPPED', exitCode: null });
    await driver.stop(first, 0, signal);
    const later = await jobs.shell('true');
    await jobs.ended(later);
    await expect(readFile(join(waiting.folder, 'ran'))).rejects.toThrow('ENOENT');
    await driver.stop(waiting, 60, signal);
  });

  test('a running job that is stopped may tidy up', async () => {
    const job = await jobs.shell(`trap 'echo tidy; exit 3' TERM; echo begun; while :; do sleep 0.1; done`);
    await jobs.untilSays(job, 'begun');
    for (let time = 0; time < 2; time++) await driver.stop(job, 60, signal);
    expect(await jobs.ended(job)).toMatchObject({ end: 'STOPPED' });
    expect(await jobs.text(job)).toContain('tidy');
  });

  test('one that ignores the wish is killed when its grace is over, with all that it has started', async () => {
    const job = await jobs.shell(`trap '' TERM; (trap '' TERM; sleep 1000 & sleep 1001) & echo begun; while :; do sleep 1; done`);
    await jobs.untilSays(job, 'begun');
    await driver.stop(job, 1, signal);
    expect(await jobs.ended(job)).toMatchObject({ end: 'STOPPED' });
    expect(await processesOfJob(job.id)).toEqual([]);
  });

  test('what a job leaves running when it ends is ended with it', async () => {
    const job = await jobs.shell('(sleep 1000 &) ; setsid sleep 1001 & echo done');
    expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED', exitCode: 0 });
    await until('nothing to be left', async () => (await processesOfJob(job.id)).length === 0);
  });

  test('a job that takes longer than it may is ended and says so', async () => {
    const job = await jobs.run(ENDLESS, { timeLimitSeconds: engine.timeLimitSeconds });
    await jobs.untilIn(['RUNNING'], job);
    let view = await jobs.look(job);
    for (const deadline = Date.now() + LONG; view.state === 'RUNNING' && Date.now() < deadline; view = await jobs.look(job)) await delay(200);
    expect(view).toMatchObject({ state: 'ENDED', end: 'TIME_LIMIT', reason: expect.stringMatching(/./) as string });
    expect(await processesOfJob(job.id)).toEqual([]);
  }, LONG + 60_000);

  test('a job that takes more memory than it may is ended and says so', async () => {
    if (!engine.limitsMemory) return;
    const program = `const kept = []; setInterval(() => kept.push(Buffer.alloc(${8 * MIB}, 1)), 10)`;
    const job = await jobs.run(['node', '-e', program], { memoryBytes: 192 * MIB });
    expect(await jobs.ended(job)).toMatchObject({ end: 'MEMORY', reason: expect.stringMatching(/./) as string });
  }, LONG);

  test('its log is read while it is written, from any byte on', async () => {
    const job = await jobs.shell(`printf 'caf\\303\\251\\000\\n'; while [ ! -e ../go ]; do sleep 0.1; done; echo more`);
    await jobs.untilSays(job, 'caf');
    const part = async (from: number, most: number) => {
      const { bytes, sizeBytes } = await driver.log(job, { task: 0, from, most }, signal);
      return { bytes: [...bytes], sizeBytes };
    };
    expect(await part(0, 2)).toEqual({ bytes: [99, 97], sizeBytes: 7 });
    expect(await part(3, 100)).toEqual({ bytes: [0xc3, 0xa9, 0, 10], sizeBytes: 7 });
    expect(await part(7, 100)).toEqual({ bytes: [], sizeBytes: 7 });
    expect(await part(1_000, 100)).toEqual({ bytes: [], sizeBytes: 7 });
    await writeFile(join(job.folder, 'go'), '');
    await jobs.ended(job);
    expect(await part(7, 100)).toEqual({ bytes: [...Buffer.from('more\n')], sizeBytes: 12 });
    await driver.forget(job, signal);
    expect(await part(7, 4)).toEqual({ bytes: [...Buffer.from('more')], sizeBytes: 12 });
    expect(await failure(driver.log({ ...job, id: randomUUID(), folder: `${job.folder}-none`, engineId: null }, { task: 0, from: 0, most: 1 }, signal))).toEqual({ fault: 'NOT_FOUND' });
  });

  test('a link in the place of its log leads nowhere', async () => {
    const job = await jobs.shell('echo begun; for f in ../*.*; do ln -sf /etc/passwd $f; done; ls -l ..; sleep 1000');
    await jobs.untilIn(['RUNNING'], job);
    for (let n = 0; n < 10; n++) {
      const log = await driver.log(job, { task: 0, from: 0, most: 1_000 }, signal).then(({ bytes }) => Buffer.from(bytes).toString(), String);
      expect(log).not.toContain('root:');
      await delay(50);
    }
  });

  test('many jobs are looked at in one call and answered in order; of what is not there it says GONE', async () => {
    const [one, two] = [await jobs.run(ENDLESS, { memoryBytes: 32 * MIB }), await jobs.shell('exit 0', { memoryBytes: 32 * MIB })];
    await jobs.ended(two);
    const nobody = { id: randomUUID(), engineId: null, folder: '/nonexistent', tasks: 1 };
    const views = await driver.look([two, nobody, { ...one, engineId: null }], signal);
    expect(views.map(({ id, state }) => [id, state])).toEqual([
      [two.id, 'ENDED'],
      [nobody.id, 'GONE'],
      [one.id, 'RUNNING'],
    ]);
    expect(await driver.look([], signal)).toEqual([]);
    await driver.stop(nobody, 1, signal);
    await driver.forget(nobody, signal);
  });

  test('only what has ended is forgotten', async () => {
    const job = await jobs.run(ENDLESS);
    await jobs.untilIn(['RUNNING'], job);
    expect(await failure(driver.forget(job, signal))).toEqual({ fault: 'CONFLICT' });
    expect(await jobs.look(job)).toMatchObject({ state: 'RUNNING' });
  });

  test('more than there is can never run, and costs nothing', async () => {
    const { total } = await driver.status(signal);
    for (const over of [{ cpus: total.cpus + 1 }, { memoryBytes: 4 * total.memoryBytes }, { gpus: total.gpus + 1 }]) {
      const spec = await jobs.newSpec(['true'], over);
      expect(await failure(driver.submit(spec, signal))).toEqual({ fault: 'INVALID' });
      expect(await jobs.look({ ...spec, engineId: null })).toMatchObject({ state: 'GONE' });
      await rm(spec.folder, { recursive: true });
    }
  });

  test('after a restart of ours jobs go on, those that wait start, and how one ended meanwhile is known', async () => {
    const { total } = await driver.status(signal);
    const [short, long] = [await jobs.shell('sleep 1; exit 9', { memoryBytes: 32 * MIB }), total.cpus > 1 ? await jobs.run(ENDLESS, { memoryBytes: 32 * MIB }) : null];
    await jobs.untilIn(['RUNNING'], short);
    const waiting = await jobs.shell('exit 4', { cpus: total.cpus });
    await driver.close();
    await delay(1_500);
    driver = jobs.driver = await engine.open();
    expect(await jobs.ended(short)).toMatchObject({ end: 'EXITED', exitCode: 9 });
    if (long) expect(await jobs.look({ ...long, engineId: null })).toMatchObject({ state: 'RUNNING', engineId: long.engineId });
    const ours = await driver.listOurs(signal);
    expect(ours.map(({ id }) => id).toSorted()).toEqual([...jobs.submitted.keys()].toSorted());
    for (const { id, engineId, submittedAt } of ours) {
      expect(engineId).toBe(jobs.submitted.get(id)!.engineId);
      if (submittedAt) expect(Math.abs(Date.now() - submittedAt.getTime())).toBeLessThan(3_600_000);
    }
    if (long) await driver.stop(long, 0, signal);
    expect(await jobs.ended(waiting)).toMatchObject({ end: 'EXITED', exitCode: 4 });
    await until('all of it to be free again', async () => (await driver.status(signal)).free.cpus === total.cpus);
  }, LONG);

  test('a job that somebody else ended is not taken for one that succeeded', async () => {
    const job = await jobs.run(ENDLESS);
    await jobs.untilSays(job, 'begun');
    await engine.loseJob(job);
    const view = await jobs.ended(job);
    expect(['LOST', 'STOPPED', 'SIGNALLED']).toContain(view.end);
    expect(view.reason).toMatch(/./);
    await until('nothing to be left', async () => (await processesOfJob(job.id)).length === 0);
  });

  test('where jobs are kept apart, a job sees its own folder and what it was given to read, and changes only the first', async () => {
    if (!engine.isolates) return;
    const [given, secret] = [await engine.newFolder(), await engine.newFolder()];
    for (const folder of [given, secret]) await writeFile(join(folder, 'data'), 'of somebody\n', { mode: 0o644 });
    const job = await jobs.shell(`cat ${given}/data; echo spoilt > ${given}/data; ls ${secret}; ls ${join(secret, '..')}; ps ax | wc -l; echo $HOME; touch $HOME/mine && echo written; touch /tmp/mine && echo temporary`, { readOnly: [given] });
    await jobs.ended(job);
    const log = await jobs.text(job);
    expect(log).toContain('of somebody\n');
    expect(log).toMatch(/written\ntemporary\n$/);
    expect(log).not.toContain(secret.split('/').at(-1) + '\n');
    expect(await readFile(join(given, 'data'), 'utf8')).toBe('of somebody\n');
    for (const folder of [given, secret]) await rm(folder, { recursive: true });
  });

  test('a call whose signal has aborted does nothing and says why', async () => {
    const over = AbortSignal.abort(new Error('time is over'));
    const job = await jobs.run(ENDLESS);
    await jobs.untilIn(['RUNNING'], job);
    const other = await jobs.newSpec(['true']);
    const calls = [
      driver.status(over),
      driver.submit(other, over),
      driver.look([job], over),
      driver.log(job, { task: 0, from: 0, most: 1 }, over),
      driver.stop(job, 0, over),
      driver.forget(job, over),
      driver.listOurs(over),
    ];
    for (const call of calls) expect(await failure(call)).toEqual({ reason: 'Error: time is over' });
    expect(await jobs.look({ ...other, engineId: null })).toMatchObject({ state: 'GONE' });
    expect(await jobs.look(job)).toMatchObject({ state: 'RUNNING' });
    await rm(other.folder, { recursive: true });
  });
}
