import { mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectedPeers, deleteEmbeddedPostgres, openSubgraph, silentLog, startEmbeddedPostgres, type OpenSubgraph } from '@hutong/common';
import { computeRegistry, type RegistryServices } from '@hutong/compute-registry';
import { Client, Pool, type QueryConfig } from 'pg';
import type { Benchmark } from './benchmark.js';
import { fillRegistry, organizationOf, REGIONS } from './compute-registry.world.js';
import { quantile, timings } from './statistics.js';

/** The registry's own copy of pg. */
const { Pool: RegistryPool } = createRequire(import.meta.resolve('@mikro-orm/postgresql'))('pg') as { Pool: typeof Pool };

const SIZE = { resources: 1_000_000, organizations: 500, identifiers: 10 };
const ROUNDS = 5;
const CALLS = 400;
/** Distinct requirements a case is asked with, in turn. */
const VARIANTS = 50;

type Requirements = Record<string, unknown>;

/** Requirements that keep 0.1 %, 10 % and all of the registry; each call names another provider or city. */
const CASES = {
  '0.1 %': (n) => ({ organization: [organizationOf(n % SIZE.organizations)], minGpuAvailable: 4 }),
  '10 %': (n) => ({ region: [REGIONS[n % REGIONS.length]!] }),
  '10 % by city and free GPUs': (n) => ({ region: [REGIONS[n % REGIONS.length]!], minGpuAvailable: 1 }),
  '{}': () => ({}),
} satisfies Record<string, (n: number) => Requirements>;

type Case = keyof typeof CASES;

/** Milliseconds at the 99th percentile of a round's calls, ours and the same statements through pg alone. */
interface Round {
  ours: number;
  replayed: number;
}

async function withMatching<Result>(use: (subgraph: OpenSubgraph<RegistryServices>, databaseUrl: string) => Promise<Result>): Promise<Result> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hutong-bench-database-'));
  const server = await startEmbeddedPostgres({ dataDirectory });
  const subgraph = await openSubgraph(computeRegistry, { databaseUrl: server.url, secret: 'the secret of this benchmark', peers: new ConnectedPeers(new Map()), keepAudit: async () => undefined, log: silentLog });
  const database = new Client({ connectionString: server.url });
  try {
    await database.connect();
    await fillRegistry(database, SIZE);
    return await use(subgraph, server.url);
  } finally {
    await database.end();
    await subgraph.stop();
    await server.stop();
    await deleteEmbeddedPostgres(dataDirectory);
  }
}

const match = (subgraph: OpenSubgraph<RegistryServices>, requirements: Requirements) => subgraph.services.matching.match({ maxPageSize: 1_000 }, requirements, 100, false);

/** The statements that one match sends, to send them again without us. */
async function statementsOf(subgraph: OpenSubgraph<RegistryServices>, requirements: Requirements): Promise<QueryConfig[]> {
  const sent: QueryConfig[] = [];
  // pg's Pool inherits `query`: one of its own hides it for as long as a match lasts.
  const inherited = Object.getPrototypeOf(RegistryPool.prototype) as { query: (...given: unknown[]) => unknown };
  Object.defineProperty(RegistryPool.prototype, 'query', {
    configurable: true,
    value(this: Pool, ...given: unknown[]): unknown {
      sent.push(given[0] as QueryConfig);
      return inherited.query.apply(this, given);
    },
  });
  await match(subgraph, requirements).finally(() => Reflect.deleteProperty(RegistryPool.prototype, 'query'));
  if (sent.length === 0) throw new Error('no statement was seen');
  return sent;
}

/** Rounds of calls, ours and the replay in turn, so that both meet the same machine. */
async function measureCase(subgraph: OpenSubgraph<RegistryServices>, pool: Pool, name: Case): Promise<{ rounds: Round[]; matching: number }> {
  const variants: Requirements[] = Array.from({ length: name === '{}' ? 1 : VARIANTS }, (_, n) => CASES[name](n * 7));
  const replays: QueryConfig[][] = [];
  for (const requirements of variants) replays.push(await statementsOf(subgraph, requirements));
  const replay = async (statements: QueryConfig[]) => {
    for (const { name: prepared, text, values } of statements) await pool.query({ name: prepared, text, values } as QueryConfig);
  };
  const rounds: Round[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [ours, replayed]: number[][] = [[], []];
    for (let call = 0; call < CALLS; call++) {
      const variant = call % variants.length;
      ours!.push(...(await timings(1, () => match(subgraph, variants[variant]!))));
      replayed!.push(...(await timings(1, () => replay(replays[variant]!))));
    }
    // The first round plans and prepares.
    if (round > 0) rounds.push({ ours: quantile(ours!, 0.99), replayed: quantile(replayed!, 0.99) });
  }
  return { rounds, matching: (await match(subgraph, variants[0]!)).totalCount };
}

type Results = Record<Case, { rounds: Round[]; matching: number }>;

let measured: Promise<Results> | undefined;

/** All cases on one filled registry, measured once however many rows ask. */
const results = (): Promise<Results> =>
  (measured ??= withMatching(async (subgraph, databaseUrl) => {
    const pool = new Pool({ connectionString: databaseUrl, max: 1 });
    try {
      const found: Partial<Results> = {};
      for (const name of Object.keys(CASES) as Case[]) found[name] = await measureCase(subgraph, pool, name);
      return found as Results;
    } finally {
      await pool.end();
    }
  }));

const besideItsSql = (name: Case): Benchmark => ({
  name: `match on 1,000,000 resources of 500 organizations, keeping ${name}: p99`,
  target: '≤ 1.5 × the same SQL through pg, prepared',
  meets: (ratio) => ratio <= 1.5,
  run: async () => {
    const { rounds, matching } = (await results())[name];
    return { ratio: rounds.map(({ ours, replayed }) => ours / replayed), detail: { matching, p99: rounds } };
  },
});

const besideFew = (name: Case, limit: number): Benchmark => ({
  name: `match on 1,000,000 resources of 500 organizations, keeping ${name} against 0.1 %: p99`,
  target: `≤ ${limit} × the 0.1 % case`,
  meets: (ratio) => ratio <= limit,
  run: async () => {
    const all = await results();
    return { ratio: all[name].rounds.map(({ ours }, round) => ours / all['0.1 %'].rounds[round]!.ours), detail: { matching: all[name].matching } };
  },
});

export const benchmarks: Benchmark[] = [
  besideItsSql('0.1 %'),
  besideItsSql('10 %'),
  besideItsSql('10 % by city and free GPUs'),
  besideFew('10 %', 10),
  besideFew('10 % by city and free GPUs', 10),
  besideFew('{}', 3),
];
