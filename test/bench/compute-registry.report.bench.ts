import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { request } from 'undici';
import type { Benchmark } from './benchmark.js';
import { fillRegistry, MODELS, withRegistry, type RegistrySize, type RegistryWorld } from './compute-registry.world.js';

const BATCH = 10_000;
const ROUNDS = 7;
const WARM_ROUNDS = 2;
const REPORTED_BY = 50;

interface KnownResource {
  computing_id: string;
  gpu_model: string;
  network_ips: string;
}

/** What a provider sends: every resource of some identifiers, with numbers that change from round to round. */
function bodyOf(resources: readonly KnownResource[], round: number): Buffer {
  const reports = resources.map((resource, n) => ({
    ...resource,
    power_consumption: 300 + ((n * 7 + round) % 100),
    cpu_performance: 2000 + (n % 50),
    cpu_available: (n + round) % 65,
    gpu_performance: 18000 + (n % 100),
    gpu_memory: 24,
    gpu_available: (n * 3 + round) % 9,
    network_delay: `${(n + round) % 20}ms`,
    network_performance: 1000,
    network_isixp: n % 2 === 0,
    network_available: '',
    network_ips_available: resource.network_ips,
    network_ports: '80,443',
    price: (n * 13 + round) % 1000,
  }));
  return Buffer.from(JSON.stringify({ computing_resources: reports }));
}

async function report({ platform, root }: RegistryWorld, body: Buffer): Promise<number> {
  const start = performance.now();
  const response = await request(`${platform.url}/api/v1/computing_resources/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', token: root.credential! },
    body,
  });
  const answer = (await response.body.json()) as { code: number; message: string };
  if (answer.code !== 0) throw new Error(answer.message);
  return performance.now() - start;
}

type Value = string | number | boolean | Date | null;
type Row = Record<string, Value>;

const STATE = ['observed_at', 'reported_at', 'network_delay_ms', 'power_consumption', 'cpu_performance', 'cpu_available', 'gpu_performance', 'gpu_memory', 'gpu_available', 'network_performance', 'price', 'network_is_ixp', 'network_ips', 'network_available', 'network_ips_available', 'network_ports'];

/** COPY of as many rows, of the same values, into the same two tables in one transaction. The rows are new ones, as COPY cannot do otherwise. */
async function copy(database: Client, ids: readonly number[]): Promise<number> {
  const { rows } = await database.query<Row>(`select identifier_id, group_id, gpu_model_id, ${STATE.join(', ')} from compute_registry.computing_resource where id = any($1)`, [ids]);
  const { rows: next } = await database.query<{ first: number }>(`select setval('compute_registry.computing_resource_id_seq', nextval('compute_registry.computing_resource_id_seq') + $1::integer)::integer - $1::integer as first`, [BATCH]);
  const first = next[0]!.first;
  const line = (values: Value[]) => values.map((value) => (value === null ? String.raw`\N` : value instanceof Date ? value.toISOString() : String(value))).join('\t');
  const values = (row: Row) => STATE.map((column) => row[column]!);
  const states = rows.map((row, n) => line([first + n, row.identifier_id!, row.group_id!, row.gpu_model_id!, randomUUID(), ...values(row)])).join('\n');
  const reports = rows.map((row, n) => line([first + n, ...values(row)])).join('\n');
  const start = performance.now();
  await database.query('begin');
  await copyInto(database, `computing_resource (id, identifier_id, group_id, gpu_model_id, address_key, ${STATE.join(', ')})`, states);
  await copyInto(database, `resource_report (resource_id, ${STATE.join(', ')})`, reports);
  await database.query('commit');
  const taken = performance.now() - start;
  await database.query('delete from compute_registry.computing_resource where id between $1 and $2', [first, first + BATCH]);
  return taken;
}

async function copyInto(database: Client, table: string, text: string): Promise<void> {
  const stream = database.query(copyFrom(`copy compute_registry.${table} from stdin`));
  stream.end(`${text}\n`);
  await finished(stream);
}

async function measure(world: RegistryWorld, { organizations, identifiers }: RegistrySize, known: boolean) {
  const { database } = world;
  const ratio: number[] = [];
  const detail: Record<string, number[]> = { reportMs: [], copyMs: [] };
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
    const { rows } = await database.query<KnownResource & { id: number }>(
      `select r.id, i.value as computing_id, m.name as gpu_model, r.network_ips from compute_registry.computing_resource r
       join compute_registry.computing_identifier i on i.id = r.identifier_id join compute_registry.gpu_model m on m.id = r.gpu_model_id
       where i.id > $1 order by i.id, r.id limit $2`,
      [(round * REPORTED_BY) % (organizations * identifiers), BATCH],
    );
    const resources = rows.map(({ computing_id, gpu_model, network_ips }, n) =>
      known ? { computing_id, gpu_model, network_ips } : { computing_id, gpu_model: MODELS[n % MODELS.length]!, network_ips: `172.${16 + round}.${n >> 8}.${n & 255}` },
    );
    const body = bodyOf(resources, round);
    const reportMs = await report(world, body);
    const copyMs = await copy(database, rows.map(({ id }) => id));
    if (round < WARM_ROUNDS) continue;
    ratio.push(copyMs / reportMs);
    detail.reportMs!.push(Math.round(reportMs));
    detail.copyMs!.push(Math.round(copyMs));
  }
  return { ratio, detail };
}

const sizes: [string, RegistrySize][] = [
  ['10,000', { resources: 10_000, organizations: 5, identifiers: 10 }],
  ['1,000,000', { resources: 1_000_000, organizations: 500, identifiers: 10 }],
];

const bench = (size: string, registry: RegistrySize, known: boolean): Benchmark => ({
  name: `report 10,000 ${known ? 'known' : 'new'} resources over HTTP, ${size} in the registry`,
  target: '≥ 0.35 × COPY into the same two tables',
  meets: (ratio) => ratio >= 0.35,
  run: () =>
    withRegistry(async (world) => {
      await fillRegistry(world.database, registry);
      return measure(world, registry, known);
    }),
});

export const benchmarks: Benchmark[] = sizes.flatMap(([size, registry]) => [true, false].map((known) => bench(size, registry, known)));
