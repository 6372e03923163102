import { setTimeout as delay } from 'node:timers/promises';
import {
  CloudError,
  type CloudDriver,
  type CloudFlavor,
  type CloudImage,
  type CloudReadiness,
  type CloudResource,
  type DriverOptions,
  type LaunchProgress,
  type MachineReference,
  type MachineSpec,
  type MachineView,
  type OwnedResource,
  type ResourceKind,
  type SnapshotSpec,
} from '../driver.js';
import { GlanceImages } from './glance.images.js';
import { makeOnce } from './make.once.js';
import { NetworkPlaces } from './network.places.js';
import { NeutronAddresses, type Address } from './neutron.addresses.js';
import { NovaServers, stateOf, unlessNotFound, type Server } from './nova.servers.js';
import { OpenStackConnection } from './openstack.connection.js';
import type { OpenStackSettings } from './openstack.settings.js';
import { OurMarks } from './our.marks.js';

/** What the cloud has of one machine, the oldest of a kind first; more than one only where an answer was lost. */
interface Holding {
  ports: Address[];
  floating: Address[];
  servers: Server[];
}

/** Machines asked about with one request: their ids go into its URL, and some proxies take 8 KB at most. */
const AT_ONCE = 50;
const FAULT_AFTER_MS = 500;

/**
 * Machines on an OpenStack. A machine has a port, a floating IP and a server, made in this order; each carries our id
 * from the moment it is made: ports and floating IPs in their description, servers in their tags.
 */
export class OpenStackDriver implements CloudDriver {
  readonly name = 'openstack';
  private readonly cloud: OpenStackConnection;
  private readonly servers: NovaServers;
  private readonly addresses: NeutronAddresses;
  private readonly store: GlanceImages;
  private readonly places: NetworkPlaces;
  private readonly marks: OurMarks;
  private readonly log: DriverOptions['log'];

  constructor(
    private readonly settings: OpenStackSettings,
    { installation, log }: DriverOptions,
  ) {
    this.marks = new OurMarks(installation);
    this.log = log;
    this.cloud = new OpenStackConnection(settings);
    this.places = new NetworkPlaces(this.cloud, settings);
    this.servers = new NovaServers(this.cloud, this.marks);
    this.addresses = new NeutronAddresses(this.cloud, this.marks, this.places);
    this.store = new GlanceImages(this.cloud, this.marks);
  }

  async status(signal: AbortSignal): Promise<CloudReadiness> {
    signal.throwIfAborted();
    try {
      this.places.forget();
      await Promise.all([this.places.find(signal), this.servers.check(signal), this.store.check(signal)]);
      return { ready: true, message: null };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CloudError)) throw error;
      return { ready: false, message: error.message };
    }
  }

  async images(signal: AbortSignal): Promise<CloudImage[]> {
    signal.throwIfAborted();
    return this.store.list(signal);
  }

  async flavors(signal: AbortSignal): Promise<CloudFlavor[]> {
    signal.throwIfAborted();
    return this.servers.flavors(signal);
  }

  async launch(spec: MachineSpec, { made, onMade }: LaunchProgress, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const tell = async (kind: ResourceKind, { id }: { id: string }) => {
      if (!isRecorded(made, kind, { id })) await onMade({ kind, id });
      signal.throwIfAborted();
    };
    const holding = await this.#holdingOf(spec.id, signal);
    const mine = (kind: ResourceKind, things: readonly { id: string }[]): { id: string } | undefined => things.find((thing) => isRecorded(made, kind, thing)) ?? things[0];
    const server = mine('server', holding.servers);
    const port = mine('port', holding.ports) ?? (server ? undefined : await this.#makePort(spec, signal));
    if (port) await tell('port', port);
    const needsFloating = port && !server && this.settings.floatingPool !== undefined;
    const floating = mine('floating-ip', holding.floating) ?? (needsFloating ? await this.#makeFloating(spec, port.id, signal) : undefined);
    if (floating) await tell('floating-ip', floating);
    await tell('server', server ?? (await this.#makeServer(spec, port!.id, signal)));
  }

  async look(machines: readonly MachineReference[], signal: AbortSignal): Promise<MachineView[]> {
    signal.throwIfAborted();
    const views: MachineView[] = [];
    for (let from = 0; from < machines.length; from += AT_ONCE) {
      const some = machines.slice(from, from + AT_ONCE);
      const holdings = await this.#holdings(some.map(({ id }) => id), signal);
      views.push(...(await Promise.all(some.map((machine) => this.#view(machine, holdings.get(machine.id)!, signal)))));
    }
    return views;
  }

  async start(machine: MachineReference, signal: AbortSignal): Promise<void> {
    const server = await this.#server(machine, signal);
    if (server.status === 'ACTIVE' || isBusyWith(server, 'powering-on')) return;
    await this.servers.act(server.id, wakingAction(server), signal);
  }

  async stop(machine: MachineReference, signal: AbortSignal): Promise<void> {
    const server = await this.#server(machine, signal);
    if (stateOf(server).state === 'SHUTOFF' || isBusyWith(server, 'powering-off')) return;
    await this.servers.act(server.id, { 'os-stop': null }, signal);
  }

  async reboot(machine: MachineReference, signal: AbortSignal): Promise<void> {
    const server = await this.#server(machine, signal);
    const { state } = stateOf(server);
    if (state === 'REBOOT' || isBusyWith(server, 'powering-on')) return;
    const rebooting = { reboot: { type: state === 'ERROR' ? 'HARD' : 'SOFT' } };
    await this.servers.act(server.id, state === 'SHUTOFF' ? wakingAction(server) : rebooting, signal);
  }

  async snapshot(machine: MachineReference, { id, name }: SnapshotSpec, signal: AbortSignal): Promise<CloudImage> {
    signal.throwIfAborted();
    const find = () => this.store.ofSnapshot(id, signal);
    const make = async () => this.servers.createImage((await this.#server(machine, signal)).id, name, this.marks.snapshotProperties(id), signal);
    const imageId = (await find()) ?? (await makeOnce(make, find, signal));
    return this.store.untilActive(imageId, signal);
  }

  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.store.deleteSnapshot(snapshotId, signal);
  }

  async destroy(machine: MachineReference, signal: AbortSignal, onReleased: (resource: CloudResource) => Promise<void> = async () => undefined): Promise<void> {
    signal.throwIfAborted();
    const holding = await this.#holdingOf(machine.id, signal);
    const release = async (kind: ResourceKind, found: readonly { id: string }[], remove: (id: string) => Promise<void>) => {
      const recorded = machine.made.filter((resource) => resource.kind === kind);
      for (const id of new Set([...found, ...recorded].map((thing) => thing.id))) {
        await remove(id);
        await onReleased({ kind, id });
        signal.throwIfAborted();
      }
    };
    await release('server', holding.servers, (id) => this.servers.delete(id, machine.id, signal));
    await release('floating-ip', holding.floating, (id) => this.addresses.delete('floatingips', id, signal));
    await release('port', holding.ports, (id) => this.addresses.delete('ports', id, signal));
  }

  async listOurs(signal: AbortSignal): Promise<OwnedResource[]> {
    signal.throwIfAborted();
    const [servers, floating, ports] = await Promise.all([
      this.servers.find(undefined, signal),
      this.addresses.find('floatingips', undefined, signal),
      this.addresses.find('ports', undefined, signal),
    ]);
    const addresses = (kind: ResourceKind, list: Address[]): OwnedResource[] => list.map(({ id, machineId, createdAt }) => ({ kind, id, machineId, createdAt }));
    return [
      ...servers.map(({ id, machineId, created }): OwnedResource => ({ kind: 'server', id, machineId, createdAt: created ? new Date(created) : null })),
      ...addresses('floating-ip', floating),
      ...addresses('port', ports),
    ];
  }

  close(): Promise<void> {
    return this.cloud.close();
  }

  #makePort(spec: MachineSpec, signal: AbortSignal): Promise<{ id: string }> {
    const find = async () => (await this.addresses.find('ports', [spec.id], signal))[0];
    return makeOnce(() => this.addresses.createPort(spec.id, spec.internetAccess, signal), find, signal);
  }

  #makeFloating(spec: MachineSpec, portId: string, signal: AbortSignal): Promise<{ id: string }> {
    const find = async () => (await this.addresses.find('floatingips', [spec.id], signal))[0];
    return makeOnce(() => this.addresses.createFloating(spec.id, portId, signal), find, signal);
  }

  async #makeServer(spec: MachineSpec, portId: string, signal: AbortSignal): Promise<{ id: string }> {
    const find = async () => (await this.servers.find([spec.id], signal))[0];
    try {
      return await makeOnce(() => this.servers.create(spec, portId, signal), find, signal);
    } catch (error) {
      throw await this.#explained(error, spec, signal);
    }
  }

  /** Nova says in words only that an image or a flavor is not there. */
  async #explained(error: unknown, { imageId, flavorId }: MachineSpec, signal: AbortSignal): Promise<unknown> {
    if (!(error instanceof CloudError) || !['FAILED', 'NOT_FOUND'].includes(error.fault)) return error;
    const { message } = error;
    if (!(await this.store.isUsable(imageId, signal))) return new CloudError('INVALID_IMAGE', message, { cause: error });
    if (!(await this.servers.hasFlavor(flavorId, signal)) || /flavor/i.test(message)) return new CloudError('INVALID_FLAVOR', message, { cause: error });
    return error;
  }

  /** The machine's server. @throws NOT_FOUND, CONFLICT while it is still made */
  async #server({ id, made }: MachineReference, signal: AbortSignal): Promise<Server> {
    signal.throwIfAborted();
    const servers = await this.servers.find([id], signal);
    const server = servers.find((one) => isRecorded(made, 'server', one)) ?? servers[0];
    if (!server) throw new CloudError('NOT_FOUND', `the cloud has no server of the machine ${id}`);
    if (stateOf(server).state === 'BUILD') throw new CloudError('CONFLICT', `the machine ${id} is still being made`);
    return server;
  }

  async #view(machine: MachineReference, { servers, floating, ports }: Holding, signal: AbortSignal): Promise<MachineView> {
    const { id, made } = machine;
    const nothing = { id, ipv4: null, endpoints: [] };
    const recorded = made.find(({ kind }) => kind === 'server');
    // Before a machine is given up its server is asked for by its id: a list may be incomplete while a part of the cloud is down.
    const server = servers.find((one) => isRecorded(made, 'server', one)) ?? servers[0] ?? (recorded && (await this.servers.get(recorded.id, signal).catch(unlessNotFound)));
    if (!server) {
      if (recorded) return { ...nothing, state: 'DELETED', reason: `the cloud has no server ${recorded.id} any more` };
      const isBegun = ports.length > 0 || floating.length > 0;
      return { ...nothing, state: isBegun ? 'BUILD' : 'DELETED', reason: isBegun ? null : 'the cloud has nothing of the machine' };
    }
    const { state, reason } = stateOf(await this.#explainedServer(server, signal));
    if (isRecorded(made, 'server', server)) await this.#dropTwins(machine, { servers, floating, ports }, signal);
    const addresses = this.settings.floatingPool === undefined ? ports : floating;
    const kind = this.settings.floatingPool === undefined ? 'port' : 'floating-ip';
    const address = addresses.find((one) => isRecorded(made, kind, one)) ?? addresses[0];
    return { id, state, reason, ipv4: address?.ipv4 ?? null, endpoints: [] };
  }

  /** Nova tells what went wrong a moment later than that it did. */
  async #explainedServer(server: Server, signal: AbortSignal): Promise<Server> {
    if (server.status !== 'ERROR' || server.fault) return server;
    await delay(FAULT_AFTER_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    return (await this.servers.get(server.id, signal).catch(unlessNotFound)) ?? server;
  }

  /**
   * A machine whose server was written down has all that it is to have. What carries its id besides was made by a
   * request that the cloud carried out long after its answer was given up, and is deleted.
   */
  async #dropTwins({ id: machineId, made }: MachineReference, { servers, floating, ports }: Holding, signal: AbortSignal): Promise<void> {
    const drop = async (kind: ResourceKind, things: readonly { id: string }[], remove: (id: string) => Promise<void>) => {
      if (things.length < 2 || !things.some((thing) => isRecorded(made, kind, thing))) return;
      for (const { id } of things.filter((thing) => !isRecorded(made, kind, thing))) {
        this.log.warn({ kind, id }, 'deleting what the cloud made twice for one machine');
        // It is tried again at the next look, which must not fail for it.
        await remove(id).catch((err: unknown) => this.log.warn({ kind, id, err }, 'what was made twice could not be deleted'));
        signal.throwIfAborted();
      }
    };
    await drop('server', servers, (id) => this.servers.delete(id, machineId, signal));
    await drop('floating-ip', floating, (id) => this.addresses.delete('floatingips', id, signal));
    await drop('port', ports, (id) => this.addresses.delete('ports', id, signal));
  }

  async #holdingOf(machineId: string, signal: AbortSignal): Promise<Holding> {
    return (await this.#holdings([machineId], signal)).get(machineId)!;
  }

  async #holdings(machineIds: readonly string[], signal: AbortSignal): Promise<Map<string, Holding>> {
    const [servers, floating, ports] = await Promise.all([
      this.servers.find(machineIds, signal),
      this.addresses.find('floatingips', machineIds, signal),
      this.addresses.find('ports', machineIds, signal),
    ]);
    const of = <Thing extends { machineId: string }>(id: string, things: Thing[]) => things.filter(({ machineId }) => machineId === id);
    return new Map(machineIds.map((id) => [id, { servers: of(id, servers), floating: of(id, floating), ports: of(id, ports) }]));
  }
}

const isRecorded = (made: readonly CloudResource[], kind: ResourceKind, { id }: { id: string }): boolean => made.some((resource) => resource.kind === kind && resource.id === id);

const isBusyWith = (server: Server, task: string): boolean => server['OS-EXT-STS:task_state'] === task;

/** What makes a server run that does not, whoever put it to rest. */
function wakingAction({ status }: Server): object {
  if (status === 'PAUSED') return { unpause: null };
  if (status === 'SUSPENDED') return { resume: null };
  if (status.startsWith('SHELVED')) return { unshelve: null };
  return { 'os-start': null };
}
