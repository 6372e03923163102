import { WorkerPresence, type House, type StartedServices, type SubgraphModule } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Allocation } from './allocation/allocation.entity.js';
import { AllocationJobs } from './allocation/allocation.jobs.js';
import { AllocationStore } from './allocation/allocation.store.js';
import { AllocationWorker } from './allocation/allocation.worker.js';
import { PathService } from './allocation/path.service.js';
import { Reconciler } from './allocation/reconciler.js';
import { readSchedulingSettings, type SchedulingSettings } from './environment.js';
import { ComputeRegistry } from './foreign/compute-registry.peer.js';
import { Migration20261121Scheduling } from './migrations/migration-20261121-scheduling.js';
import { Provider } from './provider/provider.entity.js';
import { ProviderResolver } from './provider/provider.resolver.js';
import { ProviderService } from './provider/provider.service.js';
import { SecretBox } from './provider/secret.box.js';
import type { SchedulingContext, SchedulingServices } from './services.js';
import { Offer } from './task/offer.entity.js';
import { Task } from './task/task.entity.js';
import { TaskEvents } from './task/task.events.js';
import { loadTask } from './task/task.reference.js';
import { OfferResolver, TaskEventResolver, TaskResolver } from './task/task.resolver.js';
import { TaskService } from './task/task.service.js';
import { integerId } from './foreign/integer-id.js';
import { NetworkPolicy } from './webhook/network.policy.js';
import { WebhookClient } from './webhook/webhook.client.js';

export type { SchedulingServices } from './services.js';
export { schedulingEnvironment } from './environment.js';

/** The subgraph with settings from elsewhere than the environment, for tests. */
export function schedulingWith(readSettings: () => SchedulingSettings): SubgraphModule<SchedulingServices> {
  return {
    graph: {
      name: 'scheduling',
      resolvers: [TaskResolver, OfferResolver, TaskEventResolver, ProviderResolver],
      references: { Task: ({ id }: { id: string }, context: SchedulingContext) => findReferenced(id, context) },
    },
    schema: 'scheduling',
    entities: [Task, Offer, Allocation, Provider],
    migrations: [Migration20261121Scheduling],
    checkSettings: () => void readSettings(),
    start: (house) => start(house, readSettings()),
  };
}

/** Tasks: what is to be computed, which resources fit, which one was chosen and where it is to be reached. */
export const scheduling: SubgraphModule<SchedulingServices> = schedulingWith(() => readSchedulingSettings());

function findReferenced(id: string, context: SchedulingContext): Promise<Task | null> | null {
  const integer = integerId(id);
  return integer === undefined ? null : loadTask(context, integer);
}

async function start(house: House, settings: SchedulingSettings): Promise<StartedServices<SchedulingServices>> {
  const { log } = house;
  const policy = new NetworkPolicy(settings.webhookNetworks);
  const webhooks = new WebhookClient(policy);
  const [jobs, presence] = await Promise.all([AllocationJobs.open(house), WorkerPresence.open(house.databaseUrl, log)]);
  const fork = (): EntityManager => house.database.em.fork();
  const registry = new ComputeRegistry(house.peers);
  const events = new TaskEvents(house.events);
  const providers = new ProviderService(policy, new SecretBox(house.secret));
  const store = new AllocationStore({ fork, events, jobs, presence, settings });
  const worker = new AllocationWorker({ fork, store, presence, registry, providers, webhooks, settings, log });
  const reconciler = new Reconciler({ store, worker, log });
  await jobs.work({ look: (key) => reconciler.look(key), sweep: () => reconciler.sweep() });
  reconciler.start();
  return {
    services: { tasks: new TaskService({ registry, events, settings }), paths: new PathService({ store, worker, registry, events }), providers, events, reconciler },
    async stop() {
      await reconciler.stop();
      await webhooks.stop();
      await presence.stop();
    },
  };
}
