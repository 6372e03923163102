import { handWritten, measureDeepQuery } from '../load/deep-query/deep-query.world.js';
import { apollo, ours } from '../load/gateways.js';
import type { Rates } from '../load/measurement.js';
import type { Benchmark } from './benchmark.js';
import { ratios, shown } from './rates.js';

let measuring: Promise<Record<'ours' | 'apollo' | 'handWritten', Rates>> | undefined;
/** Once for both rows. */
const measured = (quick: boolean): NonNullable<typeof measuring> => (measuring ??= measureDeepQuery({ ours, apollo, handWritten }, quick));

const againstApollo: Benchmark = {
  name: 'deep query: distinct requests, against @apollo/gateway',
  target: '≥ 11 × the requests of @apollo/gateway in the same processor time',
  meets: (ratio) => ratio >= 11,
  run: async (quick) => {
    const rates = await measured(quick);
    return { ratio: ratios(rates.apollo.cpuMicros, rates.ours.cpuMicros), detail: shown({ ours: rates.ours, apollo: rates.apollo }) };
  },
};

const againstHand: Benchmark = {
  name: 'deep query: distinct requests, against a program written by hand (undici, JSON, each entity once)',
  target: '≤ 0.8 × the processor time of the program',
  meets: (ratio) => ratio <= 0.8,
  run: async (quick) => {
    const rates = await measured(quick);
    return { ratio: ratios(rates.ours.cpuMicros, rates.handWritten.cpuMicros), detail: shown({ ours: rates.ours, handWritten: rates.handWritten }) };
  },
};

export const benchmarks: Benchmark[] = [againstApollo, againstHand];
