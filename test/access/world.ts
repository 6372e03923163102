import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CallerTokens } from '@hutong/common';
import { testDatabase } from '@hutong/common/testkit';
import { Client } from 'pg';
import { answers, labelServer } from '../../subgraphs/ai-arts/src/testkit/label-server.js';
import { admin } from '../testkit/actor.js';
import { freePort } from '../testkit/free-port.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { startServer } from '../testkit/server-process.js';
import { StoredRows } from '../testkit/stored-rows.js';
import { LOCAL_ENGINE } from '../testkit/training.js';
import { Callers } from './callers.js';
import { SHARED_FILE, ThingMaker, type Things } from './things.js';

const HUTONG_SECRET = 'the secret of both processes';

/** The largest operations of a test ask for everything there is. */
const ROOMY = { LIMIT_COST: '10000000', LIMIT_TOKENS: '100000', LIMIT_CHARACTERS: '1000000', LIMIT_DEPTH: '50' };

/** A platform with callers of every kind, and with things of a member and of a provider. One subgraph is in a process of its own. */
export interface World {
  platform: Platform;
  callers: Callers;
  things: Things;
  maker: ThingMaker;
  stored: StoredRows;
  database: Client;
  /** Signs callers as the platform does. */
  tokens: CallerTokens;
  /** What the platform derives its keys from. */
  secret: string;
  /** Where a subgraph answers other processes of the platform. */
  placeOf(subgraph: string): string;
  dispose(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const { url: databaseUrl, drop } = await testDatabase();
  opened.defer(drop);
  const labels = await labelServer();
  opened.defer(() => labels.stop());
  labels.behave(answers({ projects: [] }));
  const port = String(await freePort());
  const atGateway = (name: string) => `http://127.0.0.1:${port}/subgraphs/${name}`;
  const registry = await startServer('subgraphs/compute-registry/dist/main.js', { HUTONG_SECRET, DATABASE_URL: databaseUrl, SUBGRAPH_MACHINES_URL: atGateway('machines') });
  opened.defer(async () => void (await registry.stop()));
  // Room for the one notebook and the one service that run: whatever else may run waits.
  const engine = { ...LOCAL_ENGINE, ENGINE_LOCAL_CPUS: '2' };
  const environment = { ...engine, ...ROOMY, PORT: port, HUTONG_SECRET, DATABASE_URL: databaseUrl, SUBGRAPH_COMPUTE_REGISTRY_URL: registry.url };
  const platform = await startPlatform({ environment: { ...environment, JOB_APPROVAL: 'true', NOTEBOOKS_PER_USER: '1000', INFERENCE_SERVICES_PER_USER: '1000', LABEL_SERVER_URL: labels.url } });
  opened.defer(() => platform.dispose());
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  opened.defer(() => database.end());
  const stored = await StoredRows.open(databaseUrl);
  opened.defer(() => stored.close());
  const shared = join(platform.dataDirectory, 'ai-arts/store/files/shared=');
  await mkdir(shared, { recursive: true });
  await writeFile(join(shared, SHARED_FILE), 'for all');
  const callers = await Callers.make(await admin(platform), database);
  const maker = new ThingMaker(callers, database);
  const things = await maker.all();
  const ending = opened.move();
  return {
    platform,
    callers,
    things,
    maker,
    stored,
    database,
    tokens: new CallerTokens(HUTONG_SECRET),
    secret: HUTONG_SECRET,
    placeOf: (subgraph) => (subgraph === 'compute-registry' ? registry.url : atGateway(subgraph)),
    dispose: () => ending.disposeAsync(),
  };
}
