import { rm } from 'node:fs/promises';
import { testDatabase } from '@hutong/common/testkit';
import { Client } from 'pg';
import { FaultProxy } from './fault-proxy.js';
import { interconnectWorld, type InterconnectWorld } from './interconnect.world.js';
import { ADMIN_PASSWORD } from './platform.js';
import { newDataFolder } from './processes.js';
import { startServer, type ServerProcess } from './server-process.js';

export const SUBGRAPHS = ['compute-registry', 'scheduling', 'cloud-vm', 'machines', 'ai-arts'] as const;
export type Subgraph = (typeof SUBGRAPHS)[number];

const HUTONG_SECRET = 'the secret of every process';

/** A platform whose every way to a subgraph, the gateway's and the peers', leads through a proxy that can spoil it. */
export interface SpoiltWorld extends InterconnectWorld {
  proxies: Readonly<Record<Subgraph, FaultProxy>>;
  /** Connected to the database of all subgraphs. */
  database: Client;
  /** What the subgraphs have logged. */
  logged(): string;
  dispose(): Promise<void>;
}

export async function spoiltWorld(): Promise<SpoiltWorld> {
  const opened = new AsyncDisposableStack();
  try {
    const database = await testDatabase();
    opened.defer(() => database.drop());
    const client = new Client({ connectionString: database.url });
    await client.connect();
    opened.defer(() => client.end());
    const started = await Promise.all(SUBGRAPHS.map(async (name) => [name, await FaultProxy.start()] as const));
    const proxies = Object.fromEntries(started) as Record<Subgraph, FaultProxy>;
    for (const [, proxy] of started) opened.defer(() => proxy.stop());
    const urls = Object.fromEntries(started.map(([name, { url }]) => [`SUBGRAPH_${name.toUpperCase().replaceAll('-', '_')}_URL`, url]));
    const dataDirectory = await newDataFolder();
    opened.defer(() => rm(dataDirectory, { recursive: true, force: true }));
    const environment = { HUTONG_SECRET, DATABASE_URL: database.url, PASSWORD_HASH_LOG2_COST: '8', CLOUD_DRIVER: 'none', ENGINE_DRIVER: 'none', HUTONG_DATA_DIR: dataDirectory, HUTONG_ADMIN_PASSWORD: ADMIN_PASSWORD, ...urls };
    const processes = await Promise.all(
      SUBGRAPHS.map(async (name): Promise<ServerProcess> => {
        const server = await startServer(`subgraphs/${name}/dist/main.js`, environment);
        proxies[name].target = server.url;
        opened.defer(async () => void (await server.stop()));
        return server;
      }),
    );
    const world = await interconnectWorld({ environment: { ...environment, SUBGRAPH_TIMEOUT_SECONDS: '2' } });
    opened.defer(() => world.platform.dispose());
    return { ...world, proxies, database: client, logged: () => processes.map((server) => server.output()).join(''), dispose: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}
