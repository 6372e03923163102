import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { JobSubmitter } from '../drivers/job.submitter.js';
import { localEngine } from '../drivers/local.engine.js';
import type { Benchmark } from './benchmark.js';

const ROUNDS = 21;
const WARM_ROUNDS = 2;
const ALLOWED_MS = 150;
const PROGRAM = ['sleep', '1000'] as const;
const { signal } = new AbortController();

/** Milliseconds until a program that nobody watches over has been started. */
async function bare(): Promise<number> {
  const start = performance.now();
  const child = spawn(PROGRAM[0], PROGRAM.slice(1), { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  const ms = performance.now() - start;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return ms;
}

/** The same as a job, from its submission to the news that it runs. */
async function ours(jobs: JobSubmitter): Promise<number> {
  const spec = await jobs.newSpec(PROGRAM);
  const running = Promise.withResolvers<number>();
  const start = performance.now();
  const look = async () => {
    const { state } = await jobs.look({ id: spec.id, engineId: null, folder: spec.folder, tasks: 1 });
    if (state === 'RUNNING') running.resolve(performance.now() - start);
  };
  const silence = jobs.driver.onChange(() => void look().catch(running.reject));
  await jobs.submit(spec);
  const ms = await running.promise;
  silence();
  await jobs.tidyUp();
  return ms;
}

const start: Benchmark = {
  name: 'a job on an idle local engine, from its submission to the news that it runs',
  target: `≤ 1 × ${ALLOWED_MS} ms above a bare spawn`,
  meets: (ratio) => ratio <= 1,
  async run() {
    const engine = await localEngine('auto');
    const driver = await engine.open();
    try {
      const jobs = new JobSubmitter(driver, () => engine.newFolder());
      const { isolated } = await driver.status(signal);
      const startMs: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
      for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
        const measured = { ours: await ours(jobs), bare: await bare() };
        await delay(50);
        if (round < WARM_ROUNDS) continue;
        startMs.ours.push(Math.round(measured.ours));
        startMs.bare.push(Math.round(measured.bare));
      }
      return { ratio: startMs.ours.map((ms, round) => (ms - startMs.bare[round]!) / ALLOWED_MS), detail: { isolated, startMs } };
    } finally {
      await driver.close();
      await engine.remove();
    }
  },
};

export const benchmarks: Benchmark[] = [start];
