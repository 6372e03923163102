import { CALLERS, distinctBody, measureDeepQuery, withDeepSubgraphs } from '../load/deep-query/deep-query.world.js';
import { ours, oursWatched, unguarded } from '../load/gateways.js';
import { CREDENTIAL } from '../load/load.identity.js';
import type { GatewayProgram } from '../load/measured.gateway.js';
import { residentAfter } from '../load/measurement.js';
import { hiveJs, hiveRust, installPeers } from '../load/peers.js';
import type { Benchmark } from './benchmark.js';
import { ratios, shown } from './rates.js';

const MINUTE_MS = 60_000;
const QUICK_MS = 6_000;

const memory: Benchmark = {
  name: 'deep query: resident memory after 60 s of it, against Hive Gateway with its Rust planner',
  target: '≤ 0.5 × that of Hive Gateway',
  meets: (ratio) => ratio <= 0.5,
  run: async (quick) => {
    await installPeers();
    return withDeepSubgraphs(async (served) => {
      const load = { ...served, callers: CALLERS, asking: { body: distinctBody } };
      const megabytes = async (program: GatewayProgram): Promise<number> => Math.round((await residentAfter(quick ? QUICK_MS : MINUTE_MS, program, load)) / 1_000_000);
      const resident = { ours: await megabytes(ours), hiveRust: await megabytes(hiveRust), hiveJs: await megabytes(hiveJs) };
      return { ratio: [resident.ours / resident.hiveRust], detail: { residentMegabytes: resident } };
    });
  },
};

const guarded: Benchmark = {
  name: 'deep query: limits, identity, hooks for metrics and traces, and error paths on, against all of them off',
  target: '≤ 1.25 × the processor time of our plans without them',
  meets: (ratio) => ratio <= 1.25,
  run: async (quick) => {
    const rates = await measureDeepQuery({ on: oursWatched, off: unguarded }, quick, { body: distinctBody, headers: { authorization: `Bearer ${CREDENTIAL}` } });
    return { ratio: ratios(rates.on.cpuMicros, rates.off.cpuMicros), detail: shown(rates) };
  },
};

export const benchmarks: Benchmark[] = [memory, guarded];
