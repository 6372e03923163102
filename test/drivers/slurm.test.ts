import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, type EngineDriver, type EngineJobReference, type EngineJobSpec } from '@hutong/ai-arts/drivers/engine';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, slurm } from '../testkit/engines.js';
import { FaultProxy, FAULTS } from '../testkit/fault-proxy.js';
import { until } from '../testkit/processes.js';
import { full } from '../testkit/seed.js';
import { JobSubmitter } from './job.submitter.js';
import { slurmEngine, type SlurmUnderTest } from './slurm.engine.js';

// What may happen to Slurm and on the way to it.

const SPOILT_JOBS = full ? 100 : 8;
const MIB = 1024 ** 2;

describe.skipIf(isMissing(slurm))('a Slurm that is away for a while', { timeout: 400_000 }, () => {
  let engine: SlurmUnderTest;
  let proxy: FaultProxy;
  let driver: EngineDriver;
  let jobs: JobSubmitter;
  const { signal } = new AbortController();

  beforeAll(async () => {
    engine = await slurmEngine();
    proxy = await FaultProxy.start();
    Object.assign(proxy, { target: engine.slurm.environment.ENGINE_SLURM_URL, methods: ['GET', 'POST', 'DELETE'] });
    driver = await engine.open({ ENGINE_SLURM_URL: proxy.url, ENGINE_SLURM_REQUEST_SECONDS: '5' });
    jobs = new JobSubmitter(driver, () => engine.newFolder());
  });

  afterEach(async () => {
    proxy.heal();
    await engine.slurm.up();
    await until('Slurm to be ready', async () => (await driver.status(signal)).ready);
    await jobs.tidyUp();
  });

  afterAll(async () => {
    await driver?.close();
    await proxy?.stop();
    await engine?.remove();
  });

  /** As whoever uses a driver does: again, as long as that may help. */
  async function persistently<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof EngineError) || !['UNREACHABLE', 'FAILED'].includes(error.fault)) throw error;
        await delay(100);
      }
    }
  }

  const counted = (): Promise<EngineJobSpec> => jobs.newSpec(['sh', '-c', 'echo once >> ../count; exit 3'], { memoryBytes: 16 * MIB });

  async function submit(spec: EngineJobSpec): Promise<EngineJobReference> {
    const job: EngineJobReference = { id: spec.id, engineId: null, folder: spec.folder, tasks: spec.tasks };
    jobs.submitted.set(spec.id, job);
    job.engineId = (await persistently(() => driver.submit(spec, signal))).engineId;
    return job;
  }

  const runs = async ({ folder }: EngineJobReference): Promise<number> => (await readFile(join(folder, 'count'), 'utf8')).split('once').length - 1;

  async function expectOneRun(job: EngineJobReference): Promise<void> {
    expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED', exitCode: 3 });
    expect(await runs(job)).toBe(1);
  }

  test('whatever becomes of requests and their answers, a job is submitted once, and how it ended is known', async () => {
    // A silent server takes as long as we wait for it.
    const impatient = await engine.open({ ENGINE_SLURM_URL: proxy.url, ENGINE_SLURM_REQUEST_SECONDS: '2' });
    let passed = 0;
    proxy.spoil(() => (++passed % 3 === 0 ? FAULTS[(passed / 3) % FAULTS.length] : undefined));
    const specs = await Promise.all(Array.from({ length: SPOILT_JOBS }, counted));
    const submitted = await Promise.all(
      specs.map(async (spec) => {
        const job: EngineJobReference = { id: spec.id, engineId: null, folder: spec.folder, tasks: 1 };
        jobs.submitted.set(spec.id, job);
        job.engineId = (await persistently(() => impatient.submit(spec, signal))).engineId;
        return job;
      }),
    );
    proxy.heal();
    for (const job of submitted) {
      await expectOneRun(job);
      expect(await engine.slurm.jobsOf(job.id)).toEqual([job.engineId]);
    }
    expect([...proxy.spoilt.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(SPOILT_JOBS / 2);
    await impatient.close();
  });

  test('a job whose submit had no answer, though Slurm took it, is found by its id', async () => {
    const spec = await counted();
    for (const fault of ['reset after', 'reset before'] as const) {
      proxy.methods = fault === 'reset after' ? ['POST'] : ['POST', 'GET'];
      proxy.spoil(() => fault);
      const answer = await driver.submit(spec, signal).catch((error: unknown) => error);
      if (fault === 'reset after') expect(answer).toMatchObject({ engineId: expect.stringMatching(/^\d+$/) as string });
    }
    proxy.methods = ['GET', 'POST', 'DELETE'];
    proxy.heal();
    const job = await submit(spec);
    expect(await jobs.look({ ...job, engineId: null })).toMatchObject({ engineId: job.engineId });
    await expectOneRun(job);
    expect(await engine.slurm.jobsOf(spec.id)).toEqual([job.engineId]);
  });

  test('one that was submitted twice after all, by two of us at the same time, runs once', async () => {
    const other = await engine.open();
    const spec = await counted();
    jobs.submitted.set(spec.id, { ...spec, engineId: null });
    await engine.slurm.drain(true);
    try {
      const answers = await Promise.all([driver.submit(spec, signal), other.submit(spec, signal)]);
      expect(new Set(await engine.slurm.jobsOf(spec.id))).toEqual(new Set(answers.map(({ engineId }) => engineId)));
    } finally {
      await engine.slurm.drain(false);
    }
    const job = await submit(spec);
    await expectOneRun(job);
    for (const engineId of await engine.slurm.jobsOf(spec.id)) expect(await jobs.ended({ ...job, engineId })).toMatchObject({ exitCode: 3 });
    await until('it to be over', async () => (await driver.listOurs(signal)).every(({ hasEnded }) => hasEnded));
    expect(await runs(job)).toBe(1);
    await other.close();
  });

  test('while slurmctld is dead it says so; jobs run on, and how they ended is known when it is back', async () => {
    const job = await jobs.shell('while [ ! -e ../go ]; do sleep 0.1; done; echo once >> ../count; exit 3');
    await jobs.untilIn(['RUNNING'], job);
    await engine.slurm.untilSaved();
    await engine.slurm.kill('slurmctld');
    const waiting = await counted();
    expect(await driver.submit(waiting, AbortSignal.timeout(1_000)).catch((error: Error) => error.name)).toMatch(/EngineError|TimeoutError/);
    await expect(driver.look([job], signal)).rejects.toMatchObject({ fault: 'UNREACHABLE' });
    await engine.slurm.up();
    await writeFile(join(job.folder, 'go'), '');
    await expectOneRun(job);
    await expectOneRun(await submit(waiting));
  });

  test('a job that waits and that slurmctld has lost, as it does with what it has not saved, is submitted again', async () => {
    const first = await jobs.occupy();
    await engine.slurm.untilSaved();
    const spec = await counted();
    const job = await submit(spec);
    await engine.slurm.kill('slurmctld');
    await engine.slurm.up();
    expect(['QUEUED', 'GONE']).toContain((await jobs.look(job)).state);
    await submit(spec);
    await driver.stop(first, 0, signal);
    await expectOneRun(jobs.submitted.get(spec.id)!);
  });

  test('when slurmrestd is killed, the next one is spoken with', async () => {
    const job = await jobs.shell('sleep 1; echo once >> ../count; exit 3');
    await engine.slurm.kill('slurmrestd');
    await expect(driver.look([job], signal)).rejects.toMatchObject({ fault: 'UNREACHABLE' });
    expect(await driver.status(signal)).toMatchObject({ ready: false, message: expect.stringContaining('slurmrestd') as string });
    await engine.slurm.up();
    await expectOneRun(job);
  });
});
