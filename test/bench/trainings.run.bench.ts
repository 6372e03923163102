import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { admin } from '../testkit/actor.js';
import { startPlatform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { subscribe, type Subscription } from '../testkit/subscription.js';
import { endJobs, LOCAL_ENGINE, Trainer } from '../testkit/training.js';
import type { Benchmark } from './benchmark.js';
import { median, quantile } from './statistics.js';

const RUNS = 30;
const WARM_RUNS = 5;
const ROUNDS = 3;
const ALLOWANCE_MS = 150;

const JOBS = 100;
const FOLLOWERS_EACH = 10;
const FOLLOWED_MS = 20_000;
const SEEN_MS = 300;

/** Milliseconds from a request to the client's hearing that the training runs. */
async function ours(trainer: Trainer, heard: Map<string, number>): Promise<number> {
  const start = performance.now();
  const { id } = await trainer.create('exit 0');
  await until('it to run', () => heard.has(id));
  const ms = heard.get(id)! - start;
  await trainer.until(id, 'FINISHED');
  return ms;
}

/** Milliseconds from a spawn to the first line of the same program. */
async function bare(file: string): Promise<number> {
  const start = performance.now();
  const child = spawn('bash', [file], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const ms = performance.now() - start;
  await once(child, 'exit');
  return ms;
}

const submitToRunning: Benchmark = {
  name: 'a training on an idle local engine, from the request to RUNNING as its owner hears it (p50)',
  target: '≤ a bare spawn + 150 ms',
  meets: (ratio) => ratio <= 1,
  async run() {
    const platform = await startPlatform({ database: 'embedded', environment: LOCAL_ENGINE });
    const folder = await mkdtemp(join(tmpdir(), 'hutong-bench-'));
    try {
      const trainer = new Trainer(await admin(platform));
      const heard = new Map<string, number>();
      const changes = await subscribe(trainer.actor, 'subscription { jobChanged { state job { id } } }');
      onTold(changes, ({ jobChanged }) => {
        if (jobChanged.state === 'RUNNING') heard.set(jobChanged.job.id as string, performance.now());
      });
      const file = join(folder, 'train.sh');
      await writeFile(file, 'echo begun\n');
      const p50: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        const [measured, spawned]: [number[], number[]] = [[], []];
        for (let run = 0; run < RUNS + WARM_RUNS; run += 1) {
          const [one, other] = [await ours(trainer, heard), await bare(file)];
          if (run < WARM_RUNS) continue;
          measured.push(one);
          spawned.push(other);
        }
        p50.ours.push(Math.round(median(measured)));
        p50.bare.push(Math.round(median(spawned)));
      }
      await changes.end();
      return { ratio: p50.ours.map((ms, round) => ms / (p50.bare[round]! + ALLOWANCE_MS)), detail: { p50 } };
    } finally {
      await endJobs(platform);
      await rm(folder, { recursive: true, force: true });
      await platform.dispose();
    }
  },
};

/** A time of `EPOCHREALTIME` has so many characters at the least; what is shorter is a piece of one. */
const SHORTEST_LINE = 16;

/** Takes what a subscription is told the moment it comes. */
function onTold({ events }: Subscription, heard: (told: Subscription['events'][number]) => void): void {
  events.push = (...told) => {
    for (const one of told) heard(one);
    return told.length;
  };
}

/** Writes its time, twice a second. */
const CLOCK = 'while true; do echo "$EPOCHREALTIME"; sleep 0.5; done\n';

const follow: Benchmark = {
  name: '1,000 followers of 100 logs: how late a line is seen (p99)',
  target: '≤ 300 ms',
  meets: (ratio) => ratio <= 1,
  async run() {
    const environment = { ...LOCAL_ENGINE, ENGINE_LOCAL_CPUS: '1000', ENGINE_LOCAL_MEMORY_MIB: '100000', JOB_MEMORY_MIB: '64' };
    const platform = await startPlatform({ database: 'embedded', environment });
    try {
      const trainer = new Trainer(await admin(platform));
      const { id: first } = await trainer.running(CLOCK);
      const { training } = await trainer.actor.ask('query ($id: ID!) { training(id: $id) { codePath } }', { id: first });
      const input = { code: null, codePath: training.codePath, startupFile: 'train.sh' };
      const ids = [first, ...(await Promise.all(Array.from({ length: JOBS - 1 }, async () => (await trainer.create('', input)).id)))];
      for (const id of ids) await trainer.until(id, 'RUNNING');
      const late: number[] = [];
      let isMeasured = false;
      const followers = [];
      for (const id of ids) {
        for (let count = 0; count < FOLLOWERS_EACH; count += 1) {
          const follower = await subscribe(trainer.actor, 'subscription ($id: ID!) { trainingLog(id: $id) { text } }', { id });
          onTold(follower, ({ trainingLog }) => {
            const now = Date.now();
            for (const line of (trainingLog.text as string).split('\n')) if (isMeasured && line.length >= SHORTEST_LINE) late.push(now - Number(line) * 1_000);
          });
          followers.push(follower);
        }
      }
      await delay(2_000);
      isMeasured = true;
      await delay(FOLLOWED_MS);
      isMeasured = false;
      await Promise.all(followers.map((follower) => follower.end()));
      const at = (share: number): number => Math.round(quantile(late, share));
      return { ratio: [at(0.99) / SEEN_MS], detail: { lines: late.length, ms: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) } } };
    } finally {
      await endJobs(platform);
      await platform.dispose();
    }
  },
};

export const benchmarks: Benchmark[] = [submitToRunning, follow];
