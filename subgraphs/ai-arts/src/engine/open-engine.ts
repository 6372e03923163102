import type { AiArtsSettings } from '../environment.js';
import { Engine } from './engine.js';

/** The engine that the settings name; without one everything but running jobs works. */
export function openEngine(settings: Pick<AiArtsSettings, 'engine'>): Promise<Engine> {
  return Promise.resolve(new Engine(undefined, `ENGINE_DRIVER is "${settings.engine}"; set it to an engine`));
}
