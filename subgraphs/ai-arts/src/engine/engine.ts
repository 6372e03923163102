import type { EngineDriver, EngineReadiness } from '../drivers/engine/engine.js';
import { engineNotConfigured } from '../errors.js';

const STATUS_MS = 20_000;
const NOTHING = { cpus: 0, memoryBytes: 0, gpus: 0 };

/** The engine that jobs run on, or the reason why there is none. */
export class Engine {
  readonly #driver: EngineDriver | undefined;
  readonly #remedy: string;

  /** @param remedy why there is no driver, and what to set */
  constructor(driver: EngineDriver | undefined, remedy = '') {
    this.#driver = driver;
    this.#remedy = remedy;
  }

  /** @throws ENGINE_NOT_CONFIGURED */
  get driver(): EngineDriver {
    if (!this.#driver) throw engineNotConfigured({ remedy: this.#remedy });
    return this.#driver;
  }

  get isConfigured(): boolean {
    return this.#driver !== undefined;
  }

  /** Never rejects. */
  async status(): Promise<{ driver: string } & EngineReadiness> {
    const driver = this.#driver?.name ?? 'none';
    if (!this.#driver) return { driver, ready: false, message: this.#remedy, isolated: false, total: NOTHING, free: NOTHING };
    try {
      return { driver, ...(await this.#driver.status(AbortSignal.timeout(STATUS_MS))) };
    } catch (error) {
      return { driver, ready: false, message: (error as Error).message, isolated: false, total: NOTHING, free: NOTHING };
    }
  }

  /** Lets go of the driver; jobs go on running. */
  async close(): Promise<void> {
    await this.#driver?.close();
  }
}
