import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { admin } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import type { Benchmark } from './benchmark.js';
import { requestsPerSecond, type LoadTarget } from './load.js';
import { withProcess } from './process.js';

const ROUNDS = 5;
const ROUND_MS = 3_000;
const WARM_MS = 2_000;
const MACHINES = 100;
/** By then the planner's thread has ended for having nothing to do. */
const AT_REST_MS = 45_000;
const MEMORY_LIMIT_MB = 220;

async function withPlatform<Result>(use: (platform: Platform) => Promise<Result>): Promise<Result> {
  const platform = await startPlatform({ database: 'embedded' });
  try {
    return await use(platform);
  } finally {
    await platform.dispose();
  }
}

/** The baseline in a process of its own, as the platform is in one. */
async function withBareExpress<Result>(json: string, use: (url: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-bench-'));
  await writeFile(join(folder, 'answer.json'), json);
  try {
    return await withProcess('bare-express.ts', [join(folder, 'answer.json')], (port) => use(`http://127.0.0.1:${port}`));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const machine = (n: number) => ({
  id: String(n),
  name: `Aimlab${n}`,
  cpus: 32,
  status: 'RUNNING',
  memoryBytes: 11_591_667_560,
  gpu: 'NVIDIA RTX4090',
  ip: `192.168.${n >> 8}.${n & 255}`,
  maxDiskBytes: 128_849_018_880,
});

const info: Benchmark = {
  name: 'GET /api/info with 100 machines',
  target: '≥ 0.6 × a bare express route with the same JSON',
  meets: (ratio) => ratio >= 0.6,
  run: () =>
    withPlatform(async (platform) => {
      const root = await admin(platform);
      await root.ask('mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { id } }', {
        input: { machines: Array.from({ length: MACHINES }, (_, n) => machine(n + 1)) },
      });
      const { body } = await root.simpleServer('GET', 'info');
      const ours: LoadTarget = { url: platform.url, path: '/api/info', headers: { 'x-auth-token': root.credential! } };
      return withBareExpress(JSON.stringify(body), async (url) => {
        const bare: LoadTarget = { url, path: '/api/info' };
        for (const target of [ours, bare]) await requestsPerSecond(target, WARM_MS);
        const ratio: number[] = [];
        const detail: Record<string, number[]> = { ours: [], bare: [] };
        for (let round = 0; round < ROUNDS; round += 1) {
          const [mine, theirs] = [await requestsPerSecond(ours, ROUND_MS), await requestsPerSecond(bare, ROUND_MS)];
          ratio.push(mine / theirs);
          detail.ours!.push(Math.round(mine));
          detail.bare!.push(Math.round(theirs));
        }
        return { ratio, detail: { machines: body.data.length as number, requestsPerSecond: detail } };
      });
    }),
};

const memory: Benchmark = {
  name: 'memory of npm start at rest, database left out',
  target: `≤ 1 × ${MEMORY_LIMIT_MB} MB`,
  meets: (ratio) => ratio <= 1,
  run: async () => {
    const megabytes: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      megabytes.push(
        await withPlatform(async ({ pid }) => {
          await delay(AT_REST_MS);
          const status = await readFile(`/proc/${pid}/status`, 'utf8');
          return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_000;
        }),
      );
    }
    return { ratio: megabytes.map((value) => value / MEMORY_LIMIT_MB), detail: { megabytes } };
  },
};

export const benchmarks: Benchmark[] = [info, memory];
