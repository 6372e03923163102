import { isAdmin, type Caller } from '@hutong/common';
import type { EngineCapacity, EngineDriver, EngineReadiness } from '../drivers/engine/engine.js';
import { engineNotConfigured, engineNotIsolated, engineRefused, engineUnavailable } from '../errors.js';

const STATUS_MS = 20_000;
/** What an engine is made of changes seldom, and is asked about by every job. */
const REMEMBERED_MS = 5_000;
const NOTHING = { cpus: 0, memoryBytes: 0, gpus: 0 };

/** The engine that jobs run on, or the reason why there is none. */
export class Engine {
  readonly #driver: EngineDriver | undefined;
  readonly #remedy: string;
  #remembered: { status: Promise<{ driver: string } & EngineReadiness>; until: number } | undefined;

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

  /**
   * Whether jobs of a caller may run on the engine.
   *
   * @param isForAll whether it may run jobs of others than administrators without keeping them apart
   * @throws ENGINE_NOT_CONFIGURED, ENGINE_NOT_ISOLATED, ENGINE_UNAVAILABLE
   */
  async requireFor(caller: Caller, isForAll: boolean): Promise<void> {
    void this.driver;
    if (isForAll || isAdmin(caller)) return;
    const { ready, isolated, message } = await this.#rememberedStatus();
    if (isolated) return;
    throw ready ? engineNotIsolated({}) : engineUnavailable({ words: message ?? 'the engine is not ready' });
  }

  /** @throws ENGINE_REFUSED when a task of a job asks for more than there ever is; what an engine that does not answer has is not known */
  async requireCapacity({ cpus, memoryBytes, gpus }: EngineCapacity): Promise<void> {
    const { ready, total } = await this.#rememberedStatus();
    if (!ready || (cpus <= total.cpus && memoryBytes <= total.memoryBytes && gpus <= total.gpus)) return;
    throw engineRefused({ words: `the job asks for ${inWords({ cpus, memoryBytes, gpus })}, and the engine has ${inWords(total)}` });
  }

  #rememberedStatus(): Promise<{ driver: string } & EngineReadiness> {
    const now = performance.now();
    if (!this.#remembered || this.#remembered.until < now) this.#remembered = { status: this.status(), until: now + REMEMBERED_MS };
    return this.#remembered.status;
  }

  /** Lets go of the driver; jobs go on running. */
  async close(): Promise<void> {
    await this.#driver?.close();
  }
}

const MIB = 2 ** 20;
const inWords = ({ cpus, memoryBytes, gpus }: EngineCapacity): string => `${cpus} processors, ${Math.floor(memoryBytes / MIB)} MiB of memory and ${gpus} GPUs`;
