import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CloudError, type CloudFlavor, type CloudMachineState, type MachineSpec } from '../driver.js';
import type { OpenStackConnection } from './openstack.connection.js';
import type { OurMarks } from './our.marks.js';

const serverSchema = z.object({
  id: z.string(),
  status: z.string(),
  created: z.string().nullish(),
  tags: z.array(z.string()).default([]),
  fault: z.object({ message: z.string() }).nullish(),
  'OS-EXT-STS:task_state': z.string().nullish(),
});
export type Server = z.infer<typeof serverSchema>;

const flavorSchema = z.object({
  id: z.string(),
  name: z.string(),
  vcpus: z.number(),
  ram: z.number(),
  disk: z.number(),
  'OS-FLV-DISABLED:disabled': z.boolean().nullish(),
});

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const LONGEST_NAME = 255;

/** Nova's states in ours, with what is to be said of those that are not the same. */
const STATES: Partial<Record<string, [CloudMachineState, string?]>> = {
  BUILD: ['BUILD'],
  REBUILD: ['BUILD', 'somebody rebuilds it'],
  ACTIVE: ['ACTIVE'],
  PASSWORD: ['ACTIVE'],
  MIGRATING: ['ACTIVE'],
  RESIZE: ['ACTIVE', 'somebody resizes it'],
  VERIFY_RESIZE: ['ACTIVE', 'somebody resizes it'],
  REVERT_RESIZE: ['ACTIVE', 'somebody resizes it'],
  RESCUE: ['ACTIVE', 'somebody rescues it'],
  SHUTOFF: ['SHUTOFF'],
  PAUSED: ['SHUTOFF', 'somebody paused it'],
  SUSPENDED: ['SHUTOFF', 'somebody suspended it'],
  SHELVED: ['SHUTOFF', 'somebody shelved it'],
  SHELVED_OFFLOADED: ['SHUTOFF', 'somebody shelved it'],
  REBOOT: ['REBOOT'],
  HARD_REBOOT: ['REBOOT'],
  SOFT_DELETED: ['DELETED', 'somebody deleted it'],
  DELETED: ['DELETED', 'somebody deleted it'],
};

/** A server's state in our words, with the reason where there is one. */
export function stateOf(server: Server): { state: CloudMachineState; reason: string | null } {
  if (server['OS-EXT-STS:task_state'] === 'deleting') return { state: 'DELETING', reason: null };
  const [state, reason] = STATES[server.status] ?? ['ERROR', server.status === 'ERROR' ? 'the cloud could not build it' : `Nova calls it ${server.status}`];
  return { state, reason: server.fault?.message ?? reason ?? null };
}

/** The servers of our machines in Nova. */
export class NovaServers {
  constructor(
    private readonly cloud: OpenStackConnection,
    private readonly marks: OurMarks,
  ) {}

  /** The servers of these machines, or of all that are ours, the oldest first. */
  async find(machineIds: readonly string[] | undefined, signal: AbortSignal): Promise<(Server & { machineId: string })[]> {
    const query = new URLSearchParams(machineIds ? { 'tags-any': machineIds.map((id) => this.marks.machineTag(id)).join(',') } : { tags: this.marks.installationTag });
    query.append('sort_key', 'created_at');
    query.append('sort_dir', 'asc');
    const servers = await this.cloud.list('compute', `/servers/detail?${query.toString()}`, 'servers', serverSchema, 'listing servers', signal);
    return servers.flatMap((server) => {
      const machineId = this.marks.machineOfTags(server.tags);
      return machineId === undefined ? [] : [{ ...server, machineId }];
    });
  }

  /** @throws NOT_FOUND */
  async get(id: string, signal: AbortSignal): Promise<Server> {
    const { server } = await this.cloud.read('compute', `/servers/${encodeURIComponent(id)}`, z.object({ server: serverSchema }), `server ${id}`, signal);
    return server;
  }

  /** Asks for a server on this port; answers its id. */
  async create(spec: MachineSpec, portId: string, signal: AbortSignal): Promise<{ id: string }> {
    const content = {
      server: {
        name: spec.name.replaceAll(/\p{C}/gu, ' ').trim().slice(0, LONGEST_NAME) || spec.id,
        imageRef: spec.imageId,
        flavorRef: spec.flavorId,
        networks: [{ port: portId }],
        metadata: this.marks.metadata(spec.id),
        tags: [this.marks.installationTag, this.marks.machineTag(spec.id)],
      },
    };
    const { server } = await this.cloud.make({ service: 'compute', method: 'POST', path: '/servers', content, asked: 'creating the server' }, z.object({ server: z.object({ id: z.string() }) }), signal);
    return server;
  }

  /** Asks for something to be done to a server, as `{ "os-start": null }`. @throws NOT_FOUND, CONFLICT */
  async act(id: string, action: object, signal: AbortSignal): Promise<void> {
    await this.cloud.act({ service: 'compute', method: 'POST', path: `/servers/${encodeURIComponent(id)}/action`, content: action, asked: `server ${id}` }, signal);
  }

  /** Asks for an image of the server's disk; answers the image's id. @throws NOT_FOUND, CONFLICT, QUOTA */
  async createImage(id: string, name: string, properties: Record<string, string>, signal: AbortSignal): Promise<string> {
    const content = { createImage: { name, metadata: properties } };
    const asking = { service: 'compute', method: 'POST', path: `/servers/${encodeURIComponent(id)}/action`, content, asked: `an image of server ${id}` } as const;
    return (await this.cloud.make(asking, z.object({ image_id: z.string() }), signal)).image_id;
  }

  /** Deletes a server of a machine, and resolves when it is gone and not listed either, which may be later; one that is not there is no fault. */
  async delete(id: string, machineId: string, signal: AbortSignal): Promise<void> {
    const path = `/servers/${encodeURIComponent(id)}`;
    await this.cloud.act({ service: 'compute', method: 'DELETE', path, asked: `deleting server ${id}` }, signal).catch(unlessNotFound);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const known = await this.get(id, signal).catch(unlessNotFound);
      const server = known && known.status !== 'DELETED' ? known : (await this.find([machineId], signal)).find((one) => one.id === id);
      if (!server) return;
      // Where the cloud keeps what was deleted for a while.
      if (server.status === 'SOFT_DELETED') await this.act(id, { forceDelete: null }, signal).catch(unlessNotFound);
      if (server.status === 'ERROR' && !server['OS-EXT-STS:task_state'] && pause === LONGEST_PAUSE_MS) throw new CloudError('FAILED', `server ${id} could not be deleted: ${stateOf(server).reason}`);
      await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** Those that may be used, smallest memory first. */
  async flavors(signal: AbortSignal): Promise<CloudFlavor[]> {
    const flavors = await this.cloud.list('compute', '/flavors/detail', 'flavors', flavorSchema, 'listing flavors', signal);
    return flavors
      .filter((flavor) => !flavor['OS-FLV-DISABLED:disabled'])
      .map(({ id, name, vcpus, ram, disk }) => ({ id, name, cpus: vcpus, memoryBytes: ram * MIB, diskBytes: disk * GIB }))
      .toSorted((one, other) => one.memoryBytes - other.memoryBytes || one.cpus - other.cpus || one.diskBytes - other.diskBytes);
  }

  async hasFlavor(id: string, signal: AbortSignal): Promise<boolean> {
    return (await this.cloud.read('compute', `/flavors/${encodeURIComponent(id)}`, z.object({ flavor: z.object({ id: z.string() }) }), `flavor ${id}`, signal).catch(unlessNotFound)) !== undefined;
  }

  /** @throws what keeps Nova from answering */
  async check(signal: AbortSignal): Promise<void> {
    await this.cloud.read('compute', '/flavors?limit=1', z.object({ flavors: z.array(z.unknown()) }), 'asking Nova', signal);
  }
}

/** For `catch`: what is not there is no fault. */
export function unlessNotFound(error: unknown): undefined {
  if (!(error instanceof CloudError) || error.fault !== 'NOT_FOUND') throw error;
}
