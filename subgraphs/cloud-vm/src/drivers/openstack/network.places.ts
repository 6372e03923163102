import { z } from 'zod';
import { CloudError } from '../driver.js';
import type { OpenStackConnection } from './openstack.connection.js';
import type { OpenStackSettings } from './openstack.settings.js';

/** The ids of what the settings name. */
export interface Places {
  networkId: string;
  internetGroupId: string;
  isolatedGroupId: string;
  /** Undefined: machines have no floating addresses. */
  poolId: string | undefined;
}

const placeSchema = z.object({ id: z.string(), project_id: z.string().nullish() });
const REMEMBERED_MS = 60_000;

/** Finds the network, the security groups and the pool that the settings name. */
export class NetworkPlaces {
  #found: { places: Places; until: number } | undefined;

  constructor(
    private readonly cloud: OpenStackConnection,
    private readonly settings: Pick<OpenStackSettings, 'network' | 'internetGroup' | 'isolatedGroup' | 'floatingPool'>,
  ) {}

  /** Remembered for a minute. @throws MISCONFIGURED, naming what the cloud does not have and its setting */
  async find(signal: AbortSignal): Promise<Places> {
    if (this.#found && performance.now() < this.#found.until) return this.#found.places;
    const { network, internetGroup, isolatedGroup, floatingPool } = this.settings;
    const [networkId, internetGroupId, isolatedGroupId, poolId] = await Promise.all([
      this.#one('networks', network, 'CLOUD_OPENSTACK_NETWORK', 'network', signal),
      this.#one('security-groups', internetGroup, 'CLOUD_OPENSTACK_INTERNET_GROUP', 'security group', signal),
      this.#one('security-groups', isolatedGroup, 'CLOUD_OPENSTACK_ISOLATED_GROUP', 'security group', signal),
      floatingPool === undefined ? undefined : this.#one('networks', floatingPool, 'CLOUD_OPENSTACK_FLOATING_POOL', 'external network', signal, { 'router:external': 'true' }),
    ]);
    const places = { networkId, internetGroupId, isolatedGroupId, poolId };
    this.#found = { places, until: performance.now() + REMEMBERED_MS };
    return places;
  }

  forget(): void {
    this.#found = undefined;
  }

  async #one(collection: 'networks' | 'security-groups', nameOrId: string, setting: string, words: string, signal: AbortSignal, filter: Record<string, string> = {}): Promise<string> {
    const { projectId } = await this.cloud.session(signal);
    const key = collection.replace('-', '_');
    const list = async (by: 'name' | 'id') => {
      const query = new URLSearchParams({ ...filter, [by]: nameOrId });
      return this.cloud.list('network', `/${collection}?${query.toString()}`, key, placeSchema, `looking for the ${words} ${nameOrId}`, signal);
    };
    const named = await list('name');
    // An administrator sees those of other projects, too.
    const own = named.filter((place) => place.project_id === projectId);
    const found = own.length > 0 ? own : named.length > 0 ? named : await list('id');
    if (found.length === 1) return found[0]!.id;
    if (found.length === 0) throw new CloudError('MISCONFIGURED', `${setting}: the cloud has no ${words} ${JSON.stringify(nameOrId)}; make one, or name another`);
    throw new CloudError('MISCONFIGURED', `${setting}: the cloud has ${found.length} ${words}s ${JSON.stringify(nameOrId)}; give the id of one: ${found.map(({ id }) => id).join(', ')}`);
  }
}
