import type { House, StartedServices, SubgraphModule } from '@hutong/common';
import { readDiskSettings } from './drivers/store/disk/environment.js';
import type { Store } from './drivers/store/store.js';
import type { Engine } from './engine/engine.js';
import { EngineResolver } from './engine/engine.resolver.js';
import { openEngine } from './engine/open-engine.js';
import { readAiArtsSettings, type AiArtsSettings } from './environment.js';
import { Migration20261121AiArts } from './migrations/migration-20261121-ai-arts.js';
import type { AiArtsServices } from './services.js';
import { openStore } from './store/open-store.js';

export type { AiArtsServices } from './services.js';
export { aiArtsEnvironment } from './environment.js';

/** What the subgraph is started with. */
export interface AiArtsParts {
  settings: AiArtsSettings;
  openEngine: () => Promise<Engine>;
  openStore: () => Promise<Store>;
}

/** The subgraph with settings and drivers from elsewhere than the environment, for tests. */
export function aiArtsWith(readParts: () => AiArtsParts): SubgraphModule<AiArtsServices> {
  return {
    graph: { name: 'ai-arts', resolvers: [EngineResolver] },
    schema: 'ai_arts',
    entities: [],
    migrations: [Migration20261121AiArts],
    checkSettings: () => void readParts(),
    start: (house) => start(house, readParts()),
  };
}

/** Notebooks, trainings, models and datasets. */
export const aiArts: SubgraphModule<AiArtsServices> = aiArtsWith(() => {
  const settings = readAiArtsSettings();
  const disk = readDiskSettings();
  return { settings, openEngine: () => openEngine(settings), openStore: () => openStore({ driver: settings.store, disk }) };
});

async function start(_house: House, parts: AiArtsParts): Promise<StartedServices<AiArtsServices>> {
  const [engine, store] = await Promise.all([parts.openEngine(), parts.openStore()]);
  return {
    services: { engine, store },
    async stop() {
      await engine.close();
      await store.close();
    },
  };
}
