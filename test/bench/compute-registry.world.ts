import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '@hutong/common';
import { Client } from 'pg';
import { admin, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

/** A platform on an embedded PostgreSQL that the benchmark can reach too, to load it and to measure beside it. */
export interface RegistryWorld {
  platform: Platform;
  root: Actor;
  database: Client;
  databaseUrl: string;
}

export async function withRegistry<Result>(use: (world: RegistryWorld) => Promise<Result>): Promise<Result> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hutong-bench-database-'));
  const server = await startEmbeddedPostgres({ dataDirectory });
  const platform = await startPlatform({ database: 'embedded', environment: { DATABASE_URL: server.url } });
  const database = new Client({ connectionString: server.url });
  await database.connect();
  try {
    return await use({ platform, root: await admin(platform), database, databaseUrl: server.url });
  } finally {
    await database.end();
    await platform.dispose();
    await server.stop();
    await deleteEmbeddedPostgres(dataDirectory);
  }
}

export interface RegistrySize {
  resources: number;
  organizations: number;
  /** Identifiers of each organization, each in a place of its own. */
  identifiers: number;
}

export const MODELS = ['RTX 4090', 'RTX 3080', 'A100', 'H100', 'V100', '昇腾910B', 'RTX 3090', 'L40S', 'T4', 'MI300X'];
export const REGIONS = ['1101', '3101', '4401', '3301', '5001', '3201', '4201', '6101', '5101', '4403'];

/** The code of the organization of this number, from 0. */
export const organizationOf = (number: number): string => String(30_000 + number);

/**
 * Fills the registry as that many reports would leave it: every organization has its identifiers spread over ten
 * regions, every identifier as many resources as another, of ten models, all reported a moment ago.
 */
export async function fillRegistry(database: Client, { resources, organizations, identifiers }: RegistrySize): Promise<void> {
  await database.query('set search_path = compute_registry');
  await database.query('truncate computing_resource, resource_report, resource_group, availability_zone, availability_zone_count, computing_identifier, gpu_model restart identity cascade');
  await database.query('insert into gpu_model (name, folded) select m, lower(m) from unnest($1::text[]) with ordinality as t (m, n) order by n', [MODELS]);
  await database.query(
    `insert into computing_identifier (value, city, industry, organization, resource_type, region, availability_zone, service_type, compute_total)
     select '1101' || i || o || t || r || z || '009F' || n, '1101', i, o, t, r, z, '009', n
     from generate_series(0, $1::integer * $2::integer - 1) n,
       lateral (select (array['tc', 'jr', 'jy', 'yl'])[1 + n % 4] as i, (30000 + n / $2)::text as o, (401 + n % 3)::text as t,
         ($3::text[])[1 + (n % $2 + n / $2) % 10] as r, lpad((502601 + n % $2)::text, 6, '0') as z) parts
     order by n`,
    [organizations, identifiers, REGIONS],
  );
  await database.query(
    `insert into resource_group (organization, region, availability_zone, industry, resource_type, service_type, gpu_model_id)
     select distinct organization, region, availability_zone, industry, resource_type, service_type, m.id from computing_identifier, gpu_model m`,
  );
  await database.query(
    `insert into computing_resource (identifier_id, group_id, gpu_model_id, address_key, observed_at, reported_at, network_delay_ms, power_consumption,
       cpu_performance, cpu_available, gpu_performance, gpu_memory, gpu_available, network_performance, price, network_is_ixp, network_ips, network_available, network_ips_available, network_ports)
     select i.id, g.id, g.gpu_model_id, md5(n::text)::uuid, now() - interval '1 minute', now(), (a % 200) / 10.0, a % 1000,
       1000 + b % 5000, a % 65, 1000 + c % 30000, (array[16, 24, 40, 80])[1 + b % 4], c % 9, (array[100, 1000, 10000])[1 + a % 3],
       case when b % 20 = 0 then null else b % 1000 end, a % 2 = 0, ip, '', ip, '80,443'
     from generate_series(0, $1::integer - 1) n
     cross join lateral (select abs(hashint4(n)) as a, abs(hashint4(n + 7777777)) as b, abs(hashint4(n + 99999999)) as c,
         '10.' || (n >> 16) || '.' || ((n >> 8) & 255) || '.' || (n & 255) as ip) random
     join computing_identifier i on i.id = 1 + n % ($2::integer * $3::integer)
     join resource_group g on (g.organization, g.region, g.availability_zone, g.industry, g.resource_type, g.service_type) = (i.organization, i.region, i.availability_zone, i.industry, i.resource_type, i.service_type)
       and g.gpu_model_id = 1 + (n / ($2 * $3)) % 10
     order by n`,
    [resources, organizations, identifiers],
  );
  await database.query(KEPT);
  await database.query('vacuum analyze');
}

/** What the registry keeps as reports come, counted once. */
const KEPT = `
  delete from resource_group g where not exists (select from computing_resource r where r.group_id = g.id);
  update resource_group g set live = c.resources, total = c.resources from (select group_id, count(*) as resources from computing_resource group by group_id) c where c.group_id = g.id;
  update resource_total set live = c.resources, total = c.resources from (select count(*) as resources from computing_resource) c;
  insert into availability_zone select distinct t, organization, region, availability_zone, industry from resource_group, unnest(array['', resource_type]) t;
  insert into availability_zone_count select resource_type, o, r, count(*) from availability_zone, unnest(array['', organization]) o, unnest(array['', region]) r group by 1, 2, 3`;
