import type { House, StartedServices, SubgraphModule } from '@hutong/common';
import { Engine } from './engine/engine.js';
import { EngineResolver } from './engine/engine.resolver.js';
import { openEngine } from './engine/open-engine.js';
import { readAiArtsSettings, type AiArtsSettings } from './environment.js';
import { Migration20261121AiArts } from './migrations/migration-20261121-ai-arts.js';
import type { AiArtsServices } from './services.js';

export type { AiArtsServices } from './services.js';
export { aiArtsEnvironment } from './environment.js';

/** What the subgraph is started with. */
export interface AiArtsParts {
  settings: AiArtsSettings;
  openEngine: () => Promise<Engine>;
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
  return { settings, openEngine: () => openEngine(settings) };
});

async function start(_house: House, parts: AiArtsParts): Promise<StartedServices<AiArtsServices>> {
  const engine = await parts.openEngine();
  return { services: { engine }, stop: () => engine.close() };
}
