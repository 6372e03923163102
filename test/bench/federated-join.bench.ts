import { apollo, ours } from '../load/gateways.js';
import { JOIN, joinedSubgraphs } from '../load/join/join.subgraphs.js';
import type { GatewayProgram } from '../load/measured.gateway.js';
import { measureInTurns, type Rates } from '../load/measurement.js';
import { hiveRust, installPeers } from '../load/peers.js';
import { withServedSubgraphs } from '../load/served.subgraphs.js';
import { tagOf } from '../load/tags.js';
import type { Benchmark } from './benchmark.js';
import type { JoiningSide } from './federated-join.world.js';
import { NATIVE, withProcess } from './process.js';
import { ratios, shown } from './rates.js';
import { median } from './statistics.js';

const CALLERS = 16;
/** A round is many short turns of each side, so that a busy moment of the machine meets all of them. */
const FULL = { rounds: 7, turns: 30 };
const QUICK = { rounds: 3, turns: 8 };
const FULL_HTTP = { warmMs: 5_000, turnMs: 1_500, rounds: 7 };
const QUICK_HTTP = { warmMs: 2_500, turnMs: 500, rounds: 3 };

/** Microseconds of processor time of a join, of each round, of sides that are in one process of their own. */
const compareInProcess = <Side extends JoiningSide>(sides: readonly Side[], quick: boolean): Promise<Record<Side, number[]>> =>
  withProcess('federated-join.turns.ts', [JSON.stringify({ sides, ...(quick ? QUICK : FULL) })], async (line) => JSON.parse(line) as Record<Side, number[]>, NATIVE);

const medians = (micros: Readonly<Record<string, number[]>>) => Object.fromEntries(Object.entries(micros).map(([name, rounds]) => [name, { median: median(rounds), rounds }]));

const againstApollo: Benchmark = {
  name: 'a join of 20 entities with @requires, distinct variables, in one process (through Apollo Server both; ours with all limits)',
  target: '≥ 2.5 × @apollo/gateway with LocalGraphQLDataSource',
  meets: (ratio) => ratio >= 2.5,
  run: async (quick) => {
    const micros = await compareInProcess(['ourServer', 'apolloServer'], quick);
    return { ratio: ratios(micros.apolloServer, micros.ourServer), detail: { cpuMicrosOfJoin: medians(micros) } };
  },
};

const againstMerged: Benchmark = {
  name: 'a join of 20 entities with @requires, distinct variables, in one process (without a server both), against one schema',
  target: '≤ 1.3 × the time of graphql-js on the same schema merged by hand',
  meets: (ratio) => ratio <= 1.3,
  run: async (quick) => {
    const micros = await compareInProcess(['ourPlan', 'merged', 'ourServer', 'mergedServer'], quick);
    return { ratio: ratios(micros.ourPlan, micros.merged), detail: { cpuMicrosOfJoin: medians(micros) } };
  },
};

const body = (request: number): string => JSON.stringify({ query: JOIN, variables: { tag: tagOf(request) } });

const compareOverHttp = <Side extends string>(sides: Readonly<Record<Side, GatewayProgram>>, quick: boolean): Promise<Record<Side, Rates>> =>
  withServedSubgraphs('join/join.server.ts', joinedSubgraphs(), (served) => measureInTurns(sides, { ...served, ...(quick ? QUICK_HTTP : FULL_HTTP), callers: CALLERS, asking: { body } }));

const httpAgainstApollo: Benchmark = {
  name: 'a join of 20 entities with @requires, distinct variables, over HTTP, against @apollo/gateway',
  target: '≥ 3 × the requests of @apollo/gateway in the same processor time',
  meets: (ratio) => ratio >= 3,
  run: async (quick) => {
    const rates = await compareOverHttp({ ours, apollo }, quick);
    return { ratio: ratios(rates.apollo.cpuMicros, rates.ours.cpuMicros), detail: shown(rates) };
  },
};

const httpAgainstHive: Benchmark = {
  name: 'a join of 20 entities with @requires, distinct variables, over HTTP, against Hive Gateway with its Rust planner',
  target: '≥ 3 × the requests of Hive Gateway in the same processor time',
  meets: (ratio) => ratio >= 3,
  run: async (quick) => {
    await installPeers();
    const rates = await compareOverHttp({ ours, hiveRust }, quick);
    return { ratio: ratios(rates.hiveRust.cpuMicros, rates.ours.cpuMicros), detail: shown(rates) };
  },
};

export const benchmarks: Benchmark[] = [againstApollo, againstMerged, httpAgainstApollo, httpAgainstHive];
