import type { SubgraphContext } from '@hutong/common';
import type { PathService } from './allocation/path.service.js';
import type { Reconciler } from './allocation/reconciler.js';
import type { ProviderService } from './provider/provider.service.js';
import type { TaskEvents } from './task/task.events.js';
import type { TaskService } from './task/task.service.js';

/** What the resolvers of this subgraph work with. */
export interface SchedulingServices {
  tasks: TaskService;
  paths: PathService;
  providers: ProviderService;
  events: TaskEvents;
  reconciler: Reconciler;
}

export type SchedulingContext = SubgraphContext<SchedulingServices>;
