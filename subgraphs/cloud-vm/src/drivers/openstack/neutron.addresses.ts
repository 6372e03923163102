import { z } from 'zod';
import { CloudError } from '../driver.js';
import type { NetworkPlaces } from './network.places.js';
import { unlessNotFound } from './nova.servers.js';
import type { OpenStackConnection } from './openstack.connection.js';
import type { OurMarks } from './our.marks.js';

const common = { id: z.string(), description: z.string().nullish(), created_at: z.string().nullish() };
const portSchema = z.object({ ...common, fixed_ips: z.array(z.object({ ip_address: z.string() })) }).transform(({ fixed_ips: fixed, ...port }) => ({
  ...port,
  ipv4: fixed.map(({ ip_address: address }) => address).find((address) => !address.includes(':')) ?? null,
}));
const floatingSchema = z.object({ ...common, floating_ip_address: z.string() }).transform(({ floating_ip_address: ipv4, ...floating }) => ({ ...floating, ipv4 }));

/** A port or floating IP of a machine of ours. */
export interface Address {
  id: string;
  machineId: string;
  ipv4: string | null;
  createdAt: Date | null;
}

type Kind = 'ports' | 'floatingips';
const SCHEMAS = { ports: portSchema, floatingips: floatingSchema };
const WORDS = { ports: 'port', floatingips: 'floating IP' };

/** The ports and floating IPs of our machines in Neutron. */
export class NeutronAddresses {
  constructor(
    private readonly cloud: OpenStackConnection,
    private readonly marks: OurMarks,
    private readonly places: NetworkPlaces,
  ) {}

  /** Those of these machines, or of all that are ours, the oldest first. */
  async find(kind: Kind, machineIds: readonly string[] | undefined, signal: AbortSignal): Promise<Address[]> {
    const { projectId } = await this.cloud.session(signal);
    const query = new URLSearchParams({ project_id: projectId });
    for (const field of ['id', 'description', 'created_at', kind === 'ports' ? 'fixed_ips' : 'floating_ip_address']) query.append('fields', field);
    for (const id of machineIds ?? []) query.append('description', this.marks.description(id));
    const found = await this.cloud.list('network', `/${kind}?${query.toString()}`, kind, SCHEMAS[kind], `listing ${WORDS[kind]}s`, signal);
    return found
      .flatMap(({ id, ipv4, description, created_at: created }): Address[] => {
        const machineId = this.marks.machineOfDescription(description ?? '');
        return machineId === undefined ? [] : [{ id, ipv4, machineId, createdAt: created ? new Date(created) : null }];
      })
      .toSorted((one, other) => (one.createdAt?.getTime() ?? 0) - (other.createdAt?.getTime() ?? 0));
  }

  /** A port in the network, with the security group of machines with or without internet access. @throws QUOTA, MISCONFIGURED */
  async createPort(machineId: string, internetAccess: boolean, signal: AbortSignal): Promise<{ id: string }> {
    const { networkId, internetGroupId, isolatedGroupId } = await this.places.find(signal);
    const port = {
      network_id: networkId,
      name: `hutong-${machineId}`,
      description: this.marks.description(machineId),
      security_groups: [internetAccess ? internetGroupId : isolatedGroupId],
    };
    return this.#create('port', 'ports', port, signal);
  }

  /** A floating IP for a port; undefined where machines are reached at their fixed addresses. @throws QUOTA, MISCONFIGURED */
  async createFloating(machineId: string, portId: string, signal: AbortSignal): Promise<{ id: string }> {
    const { poolId } = await this.places.find(signal);
    return this.#create('floatingip', 'floatingips', { floating_network_id: poolId, port_id: portId, description: this.marks.description(machineId) }, signal);
  }

  /** Deletes one; what is not there is no fault. */
  async delete(kind: Kind, id: string, signal: AbortSignal): Promise<void> {
    await this.cloud.act({ service: 'network', method: 'DELETE', path: `/${kind}/${encodeURIComponent(id)}`, asked: `deleting ${WORDS[kind]} ${id}` }, signal).catch(unlessNotFound);
  }

  async #create(name: string, kind: Kind, content: object, signal: AbortSignal): Promise<{ id: string }> {
    const schema = z.object({ [name]: z.object({ id: z.string() }) });
    try {
      const made = await this.cloud.make({ service: 'network', method: 'POST', path: `/${kind}`, content: { [name]: content }, asked: `making a ${WORDS[kind]}` }, schema, signal);
      return made[name]!;
    } catch (error) {
      if (!(error instanceof CloudError) || error.fault !== 'NOT_FOUND') throw error;
      // The network or a group is another one now, or no router leads from it to the pool.
      this.places.forget();
      throw new CloudError('MISCONFIGURED', `${error.message}; see ${kind === 'ports' ? 'CLOUD_OPENSTACK_NETWORK' : 'CLOUD_OPENSTACK_FLOATING_POOL, which a router must connect with CLOUD_OPENSTACK_NETWORK'}`, { cause: error });
    }
  }
}
