import { LRUCache } from 'lru-cache';
import type { CloudDriver, CloudFlavor, CloudImage, CloudReadiness } from '../drivers/driver.js';
import { cloudNotConfigured, flavorAmbiguous, flavorNotFound, imageAmbiguous, imageNotFound } from '../errors.js';
import { shownFailure } from './cloud.failure.js';

/** What the cloud told is believed for so long: a hundred launches at once ask it once. */
const REMEMBERED_MS = 3_000;
const LISTING_MS = 20_000;

interface Told {
  images: CloudImage[];
  flavors: CloudFlavor[];
  status: CloudReadiness;
}

/** The cloud that machines are launched on, or the reason why there is none. */
export class Cloud {
  readonly #driver: CloudDriver | undefined;
  readonly #remedy: string;
  readonly #told: LRUCache<keyof Told, Told[keyof Told], unknown>;

  /** @param remedy why there is no driver, and what to set */
  constructor(driver: CloudDriver | undefined, remedy = '') {
    this.#driver = driver;
    this.#remedy = remedy;
    this.#told = new LRUCache({
      max: 3,
      ttl: REMEMBERED_MS,
      fetchMethod: (what): Promise<Told[keyof Told]> => this.driver[what](AbortSignal.timeout(LISTING_MS)),
    });
  }

  /** @throws CLOUD_NOT_CONFIGURED */
  get driver(): CloudDriver {
    if (!this.#driver) throw cloudNotConfigured({ remedy: this.#remedy });
    return this.#driver;
  }

  get isConfigured(): boolean {
    return this.#driver !== undefined;
  }

  /** @throws CLOUD_NOT_CONFIGURED, CLOUD_MISCONFIGURED, CLOUD_UNAVAILABLE */
  images(): Promise<CloudImage[]> {
    return this.#ask('images');
  }

  /** @throws as {@link images} */
  flavors(): Promise<CloudFlavor[]> {
    return this.#ask('flavors');
  }

  /** Never rejects. */
  async status(): Promise<{ driver: string } & CloudReadiness> {
    if (!this.#driver) return { driver: 'none', ready: false, message: this.#remedy };
    const { ready, message } = await this.#ask('status').catch((error: unknown) => ({ ready: false, message: (error as Error).message }));
    return { driver: this.#driver.name, ready, message };
  }

  /** The one image of this id or name. @throws VM_IMAGE_NOT_FOUND, VM_IMAGE_AMBIGUOUS, and as {@link images} */
  async imageOf(idOrName: string, field: string): Promise<CloudImage> {
    const found = namedOf(await this.images(), idOrName);
    if (found.length > 1) throw imageAmbiguous({ image: idOrName, ids: found.map(({ id }) => id), field });
    if (!found[0]) throw imageNotFound({ image: idOrName, field });
    return found[0];
  }

  /** The one flavor of this id or name. @throws VM_FLAVOR_NOT_FOUND, VM_FLAVOR_AMBIGUOUS, and as {@link images} */
  async flavorOf(idOrName: string, field: string): Promise<CloudFlavor> {
    const found = namedOf(await this.flavors(), idOrName);
    if (found.length > 1) throw flavorAmbiguous({ flavor: idOrName, ids: found.map(({ id }) => id), field });
    if (!found[0]) throw flavorNotFound({ flavor: idOrName, field });
    return found[0];
  }

  /** The cloud has changed: what it told before is not believed any more. */
  forget(): void {
    this.#told.clear();
  }

  /** Lets go of the driver; machines go on running. */
  async close(): Promise<void> {
    await this.#driver?.close();
  }

  async #ask<What extends keyof Told>(what: What): Promise<Told[What]> {
    try {
      return (await this.#told.fetch(what)) as Told[What];
    } catch (error) {
      throw shownFailure(error);
    }
  }
}

/** An id is meant before a name. */
function namedOf<Thing extends { id: string; name: string }>(things: readonly Thing[], idOrName: string): Thing[] {
  const byId = things.filter(({ id }) => id === idOrName);
  return byId.length > 0 ? byId : things.filter(({ name }) => name === idOrName);
}
