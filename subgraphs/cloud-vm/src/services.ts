import type { SubgraphContext } from '@hutong/common';
import type { Cloud } from './cloud/cloud.js';
import type { SnapshotService } from './snapshot/snapshot.service.js';
import type { VirtualMachineEvents } from './virtual-machine/virtual-machine.events.js';
import type { VirtualMachineService } from './virtual-machine/virtual-machine.service.js';
import type { Reconciler } from './work/reconciler.js';

/** What the resolvers of this subgraph work with. */
export interface CloudVmServices {
  cloud: Cloud;
  machines: VirtualMachineService;
  snapshots: SnapshotService;
  events: VirtualMachineEvents;
  reconciler: Reconciler;
}

export type CloudVmContext = SubgraphContext<CloudVmServices>;
