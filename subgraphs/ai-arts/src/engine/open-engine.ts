import type { EngineDriver, EngineLog, EngineOptions } from '../drivers/engine/engine.js';
import type { LocalEngineSettings } from '../drivers/engine/local/local.settings.js';
import type { SlurmSettings } from '../drivers/engine/slurm/slurm.settings.js';
import type { AiArtsSettings } from '../environment.js';
import { Engine } from './engine.js';

export interface EngineChoice {
  driver: AiArtsSettings['engine'];
  local: LocalEngineSettings;
  /** Undefined when another engine is chosen. */
  slurm: SlurmSettings | undefined;
}

/** The engine that the settings name; without one everything but running jobs works. */
export async function openEngine(choice: EngineChoice, options: EngineOptions): Promise<Engine> {
  const engine = new Engine(await chosenDriver(choice, options), `ENGINE_DRIVER is "${choice.driver}"; set it to an engine`);
  if (engine.isConfigured) void tellReadiness(engine, options.log);
  return engine;
}

async function chosenDriver({ driver, local, slurm }: EngineChoice, options: EngineOptions): Promise<EngineDriver | undefined> {
  if (slurm) {
    const { SlurmDriver } = await import('../drivers/engine/slurm/slurm.driver.js');
    return new SlurmDriver(slurm, options);
  }
  if (driver !== 'local') return undefined;
  const { LocalEngineDriver } = await import('../drivers/engine/local/local.driver.js');
  return LocalEngineDriver.open(local, options);
}

/** Says at the start what an administrator should know; finding it out does not delay the start. */
async function tellReadiness(engine: Engine, log: EngineLog): Promise<void> {
  const { driver, message } = await engine.status();
  if (message !== null) log.warn({ driver, message }, 'the engine that notebooks and trainings run on');
}
