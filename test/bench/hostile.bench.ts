import { hostileBodies } from '../hostile/hostile.bodies.js';
import { hostileQueries, smallQuery } from '../hostile/hostile.queries.js';
import { overPost } from '../hostile/hostile.transports.js';
import { admin } from '../testkit/actor.js';
import { send } from '../testkit/http.js';
import { startPlatform } from '../testkit/platform.js';
import type { Benchmark } from './benchmark.js';
import { median, timings } from './statistics.js';

const ROUNDS = 5;
const WARM_ROUNDS = 3;
/** Of each in a round; their median counts, as a collection of garbage is nobody's fault. */
const TIMES = 5;
const MOST_MS = 50;
const TARGET = 3;

interface Refusals {
  /** Milliseconds of the slowest to be refused, by round. */
  worst: number[];
  /** Milliseconds of a small query that is answered, by round. */
  small: number[];
  detail: Record<string, unknown>;
}

async function measure(): Promise<Refusals> {
  const platform = await startPlatform({ database: 'embedded' });
  try {
    const root = await admin(platform);
    const way = overPost(root);
    let texts = 0;
    const attacks: [name: string, ask: () => Promise<unknown>][] = [
      // Another text each time, which no cache knows.
      ...hostileQueries.map((hostile): [string, () => Promise<unknown>] => [hostile.name, () => way.ask({ ...hostile, query: `${hostile.query} #${texts++}` })]),
      ...hostileBodies.map(({ name, request }): [string, () => Promise<unknown>] => [name, () => send(platform, request)]),
    ];
    const [worst, small]: [number[], number[]] = [[], []];
    let slowest: Record<string, number> = {};
    for (let round = -WARM_ROUNDS; round < ROUNDS; round += 1) {
      const answered = median(await timings(TIMES * 10, () => way.ask({ query: smallQuery(`small${texts++}`) })));
      const refused: [string, number][] = [];
      for (const [name, ask] of attacks) refused.push([name, median(await timings(TIMES, ask))]);
      if (round < 0) continue;
      refused.sort(([, a], [, b]) => b - a);
      slowest = Object.fromEntries(refused.slice(0, 5).map(([name, ms]) => [name, Number(ms.toFixed(1))]));
      worst.push(refused[0]![1]);
      small.push(answered);
    }
    return { worst, small, detail: { attacks: attacks.length, slowestMs: slowest, smallMs: small.map((ms) => Number(ms.toFixed(1))), worstMs: worst.map((ms) => Number(ms.toFixed(1))) } };
  } finally {
    await platform.dispose();
  }
}

let measured: Promise<Refusals> | undefined;
/** Once for both rows. */
const refusals = (): Promise<Refusals> => (measured ??= measure());

const absolute: Benchmark = {
  name: 'hostile queries: the slowest to be refused',
  target: `≤ 1 × ${MOST_MS} ms`,
  meets: (ratio) => ratio <= 1,
  run: async () => {
    const { worst, detail } = await refusals();
    return { ratio: worst.map((ms) => ms / MOST_MS), detail };
  },
};

const relative: Benchmark = {
  name: 'hostile queries: the slowest to be refused, against a small query',
  target: `≤ ${TARGET} × a small query that is answered`,
  meets: (ratio) => ratio <= TARGET,
  run: async () => {
    const { worst, small, detail } = await refusals();
    return { ratio: worst.map((ms, round) => ms / small[round]!), detail };
  },
};

export const benchmarks: Benchmark[] = [absolute, relative];
