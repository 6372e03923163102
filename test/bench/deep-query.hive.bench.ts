import { equalBody, measureDeepQuery } from '../load/deep-query/deep-query.world.js';
import { ours } from '../load/gateways.js';
import { hiveJs, hiveRust, hiveRustSharing, installPeers } from '../load/peers.js';
import type { Benchmark } from './benchmark.js';
import { ratios, shown } from './rates.js';

const distinct: Benchmark = {
  name: 'deep query beside Hive Gateway: distinct requests, against its Rust planner with request sharing off',
  target: '≥ 5 × the requests of Hive Gateway in the same processor time',
  meets: (ratio) => ratio >= 5,
  run: async (quick) => {
    await installPeers();
    const rates = await measureDeepQuery({ ours, hiveRust, hiveJs }, quick);
    return { ratio: ratios(rates.hiveRust.cpuMicros, rates.ours.cpuMicros), detail: shown(rates) };
  },
};

const equal: Benchmark = {
  name: 'deep query beside Hive Gateway: equal requests, against its Rust planner, sharing on for both',
  target: '≥ 1.5 × the requests of Hive Gateway in the same processor time',
  meets: (ratio) => ratio >= 1.5,
  run: async (quick) => {
    await installPeers();
    const rates = await measureDeepQuery({ ours, hiveRustSharing }, quick, { body: equalBody });
    return { ratio: ratios(rates.hiveRustSharing.cpuMicros, rates.ours.cpuMicros), detail: shown(rates) };
  },
};

export const benchmarks: Benchmark[] = [distinct, equal];
