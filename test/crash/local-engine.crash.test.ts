import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineJobSpec } from '@hutong/ai-arts/drivers/engine';
import type { LocalEngineDriver } from '@hutong/ai-arts/drivers/engine/local';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { JobSubmitter } from '../drivers/job.submitter.js';
import { localEngine, type LocalEngineUnderTest } from '../drivers/local.engine.js';
import { bubblewrap, isMissing } from '../testkit/engines.js';
import { processesOfJob } from '../testkit/job-processes.js';
import { until } from '../testkit/processes.js';
import { sampleOf } from '../testkit/seed.js';

/** Milliseconds after the work has begun at which the process with the queue is killed. */
const MOMENTS = [0, 1, 2, 5, 10, 20, 40, 60, 80, 120, 200, 400];
const SAMPLE = 6;
type Work = 'submit' | 'stop' | 'stop one that waits';
const WORKS: Work[] = ['submit', 'stop', 'stop one that waits'];
const { signal } = new AbortController();

describe.skipIf(isMissing(bubblewrap))('kill -9 of the process that has the queue of jobs on this host', () => {
  let engine: LocalEngineUnderTest;
  let driver: LocalEngineDriver;
  let jobs: JobSubmitter;

  beforeAll(async () => {
    engine = await localEngine('bubblewrap');
  });

  afterEach(async () => {
    await jobs.tidyUp();
    await driver.close();
  });

  afterAll(() => engine?.remove());

  const cases = WORKS.flatMap((work) => MOMENTS.map((moment) => ({ work, moment })));

  test.each(sampleOf('kill -9 of the queue of jobs on this host', cases, SAMPLE))('$moment ms into $work: the job has run once or not at all, and nothing is left', async ({ work, moment }) => {
    const preparing = await engine.open();
    jobs = new JobSubmitter(preparing, () => engine.newFolder());
    const endless = `trap '' TERM; echo once >> ../count; echo begun; while :; do sleep 0.1; done`;
    const spec = await jobs.newSpec(['sh', '-c', work === 'submit' ? 'echo once >> ../count; sleep 0.5; exit 5' : endless]);
    const blocker = work === 'stop one that waits' ? await jobs.occupy() : null;
    const job = work === 'submit' ? { id: spec.id, engineId: null, folder: spec.folder, tasks: 1 } : await jobs.submit(spec);
    if (work === 'stop') await jobs.untilSays(job, 'begun');
    await preparing.close();

    const child = spawn(process.execPath, ['--input-type=module', '--eval', working(work, spec, engine.settings)], { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname });
    await once(child.stdout, 'data');
    await delay(moment);
    child.kill('SIGKILL');
    await once(child, 'exit');

    driver = jobs.driver = await engine.open();
    if (work === 'submit') {
      await jobs.submit(spec);
      expect(await jobs.ended(job)).toMatchObject({ end: 'EXITED', exitCode: 5 });
    } else {
      await driver.stop(job, 0, signal);
      expect(await jobs.ended(job)).toMatchObject({ end: 'STOPPED' });
    }
    const count = await readFile(join(spec.folder, 'count'), 'utf8').catch(() => '');
    expect(count).toBe(blocker ? '' : 'once\n');
    expect(await processesOfJob(spec.id)).toEqual([]);
    if (blocker) await driver.stop(blocker, 0, signal);
    await until('all of the host to be free', async () => {
      const { free, total } = await driver.status(signal);
      return free.cpus === total.cpus && free.memoryBytes === total.memoryBytes;
    });
  });
});

/** A process of its own that has the queue, says when its work begins, and goes on living after it. */
function working(work: Work, spec: EngineJobSpec, settings: object): string {
  const job = { id: spec.id, engineId: spec.id, folder: spec.folder, tasks: 1 };
  return `
    import { LocalEngineDriver } from '@hutong/ai-arts/drivers/engine/local';
    const driver = await LocalEngineDriver.open(${JSON.stringify(settings)}, { installation: 'test', log: { info() {}, warn() {} } });
    const { signal } = new AbortController();
    await driver.status(signal);
    setInterval(() => undefined, 1_000);
    console.log('begin');
    await driver.${work === 'submit' ? `submit(${JSON.stringify(spec)}, signal)` : `stop(${JSON.stringify(job)}, 1, signal)`};`;
}
