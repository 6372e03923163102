import { sql, WorkerPresence, type House, type StartedServices, type SubgraphModule } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cloud } from './cloud/cloud.js';
import { CloudResolver } from './cloud/cloud.resolver.js';
import { openCloud } from './cloud/open-cloud.js';
import type { DriverOptions } from './drivers/driver.js';
import { namesOpenStack, readOpenStackSettings } from './drivers/openstack/environment.js';
import { readQemuSettings } from './drivers/qemu/environment.js';
import { readCloudVmSettings, type CloudVmSettings } from './environment.js';
import { Migration20261121CloudVm } from './migrations/migration-20261121-cloud-vm.js';
import type { CloudVmContext, CloudVmServices } from './services.js';
import { Snapshot } from './snapshot/snapshot.entity.js';
import { SnapshotService } from './snapshot/snapshot.service.js';
import { SnapshotStore } from './snapshot/snapshot.store.js';
import { VirtualMachine } from './virtual-machine/virtual-machine.entity.js';
import { VirtualMachineEvents } from './virtual-machine/virtual-machine.events.js';
import { loadVirtualMachine } from './virtual-machine/virtual-machine.reference.js';
import { VirtualMachineEventResolver, VirtualMachineResolver } from './virtual-machine/virtual-machine.resolver.js';
import { VirtualMachineService } from './virtual-machine/virtual-machine.service.js';
import { ErrandStore } from './work/errand.store.js';
import { ErrandWorker } from './work/errand.worker.js';
import { MachineObserver } from './work/machine.observer.js';
import { MachineRows } from './work/machine.rows.js';
import { MachineStore } from './work/machine.store.js';
import { Reconciler } from './work/reconciler.js';
import { Watcher } from './work/watcher.js';
import { WorkQueue } from './work/work.queue.js';

export type { CloudVmServices } from './services.js';
export { cloudVmEnvironment } from './environment.js';

/** What the subgraph is started with. */
export interface CloudVmParts {
  settings: CloudVmSettings;
  openCloud: (options: DriverOptions) => Promise<Cloud>;
}

/** The subgraph with settings and a cloud from elsewhere than the environment, for tests. */
export function cloudVmWith(readParts: () => CloudVmParts): SubgraphModule<CloudVmServices> {
  return {
    graph: {
      name: 'cloud-vm',
      resolvers: [VirtualMachineResolver, VirtualMachineEventResolver, CloudResolver],
      references: { VirtualMachine: ({ id }: { id: string }, context: CloudVmContext) => loadVirtualMachine(context, id) },
    },
    schema: 'cloud_vm',
    entities: [VirtualMachine, Snapshot],
    migrations: [Migration20261121CloudVm],
    checkSettings: () => void readParts(),
    start: (house) => start(house, readParts()),
  };
}

/** Virtual machines on OpenStack, or on this machine by QEMU. */
export const cloudVm: SubgraphModule<CloudVmServices> = cloudVmWith(() => {
  const settings = readCloudVmSettings();
  const qemu = readQemuSettings();
  const isOpenStack = settings.driver === 'openstack' || (settings.driver === undefined && namesOpenStack());
  const openStack = isOpenStack ? readOpenStackSettings() : undefined;
  return { settings, openCloud: (options) => openCloud({ driver: settings.driver, openStack, qemu }, options) };
});

async function start(house: House, { settings, openCloud }: CloudVmParts): Promise<StartedServices<CloudVmServices>> {
  const { log, database, databaseUrl } = house;
  const fork = (): EntityManager => database.em.fork();
  const [installation] = await sql<{ id: string }>(fork(), 'select id from cloud_vm.installation');
  const [queue, presence, cloud] = await Promise.all([WorkQueue.open(house), WorkerPresence.open(databaseUrl, log), openCloud({ installation: installation!.id, log })]);
  if (cloud.isConfigured) log.debug({ driver: cloud.driver.name }, 'virtual machines are launched on this cloud');
  const events = new VirtualMachineEvents(house.events);
  const rows = new MachineRows({ fork, events, queue });
  const store = new MachineStore(rows);
  const errands = new ErrandStore({ fork, rows, presence, settings });
  const watcher = new Watcher({ fork, cloud, observer: new MachineObserver({ rows, settings }), log });
  const snapshots = new SnapshotStore({ fork, cloud });
  const worker = new ErrandWorker({ cloud, errands, snapshots, events, presence, onExpectation: () => watcher.wake(), log });
  const reconciler = new Reconciler({ fork, cloud, errands, watcher, settings, log });
  await queue.work(settings.atOnce, { drain: () => worker.drain(), sweep: () => reconciler.sweep() });
  reconciler.start();
  return {
    services: { cloud, machines: new VirtualMachineService({ cloud, store, events, presence, settings }), snapshots: new SnapshotService({ cloud, store }), events, reconciler },
    async stop() {
      await reconciler.stop();
      await watcher.stop();
      await worker.stop();
      await presence.stop();
      await cloud.close();
    },
  };
}
