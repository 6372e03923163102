import { HutongError, type Log, type PeerCallScope, type WorkerPresence } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { SchedulingSettings } from '../environment.js';
import { providerUnreachable, resourceNotFound } from '../errors.js';
import type { ComputeRegistry, ResourceAddress } from '../foreign/compute-registry.peer.js';
import type { ProviderService } from '../provider/provider.service.js';
import { Task } from '../task/task.entity.js';
import type { WebhookClient } from '../webhook/webhook.client.js';
import type { Allocation, KeptFailure } from './allocation.entity.js';
import type { AllocationStore } from './allocation.store.js';
import { plainUrl, templateUrl } from './resource.address.js';

interface WorkerParts {
  fork: () => EntityManager;
  store: AllocationStore;
  presence: WorkerPresence;
  registry: ComputeRegistry;
  providers: ProviderService;
  webhooks: WebhookClient;
  settings: Pick<SchedulingSettings, 'allocationBudgetMs'>;
  log: Log;
}

const CHOSEN = 'input.computingResourceId';

/** Answers of compute-registry after which no reservation exists. */
const NOTHING_RESERVED = new Set(['NO_CAPACITY', 'RESOURCE_STALE', 'NOT_FOUND', 'BAD_INPUT', 'FORBIDDEN', 'UNAUTHENTICATED']);

/**
 * Does what an allocation says, outside any transaction: reserve, get the URL, confirm, settle. Every step may be repeated under
 * the allocation's key, so a process that takes it over simply starts again.
 */
export class AllocationWorker {
  constructor(private readonly parts: WorkerParts) {}

  /**
   * Works off an allocation that this process has begun or taken over, and leaves it HELD, or given back. With
   * `mayWait`, one that compute-registry cannot be asked about at present is left as it is, to be taken up again.
   *
   * @throws what went wrong, after it was written down
   */
  async work(scope: PeerCallScope, allocation: Allocation, { mayWait = false } = {}): Promise<void> {
    const { store, presence } = this.parts;
    const { key } = allocation;
    const progress = { reserved: true };
    try {
      const url = await this.#obtain(scope, allocation, progress);
      const { mine, giveBack } = await store.settle(key, url);
      if (mine && giveBack) await this.giveBack(scope, giveBack.key);
    } catch (error) {
      if (mayWait && isUnavailable(error)) throw error;
      const { giveBack } = await store.fail(key, keptFailure(error), progress.reserved);
      if (giveBack) await this.giveBack(scope, giveBack.key);
      throw error;
    } finally {
      presence.end(key);
    }
  }

  /** Gives a reservation back now if compute-registry answers; if not, the job that was written with it does so later. */
  async giveBack(scope: PeerCallScope, key: string): Promise<void> {
    try {
      await this.returnNow(scope, key);
    } catch (error) {
      this.parts.log.warn({ err: error, key }, 'a reservation could not be given back yet; will try again');
    }
  }

  /** Gives a reservation back, or throws. May be repeated. */
  async returnNow(scope: PeerCallScope, key: string): Promise<void> {
    await this.parts.registry.release(scope, key);
    await this.parts.store.returned(key);
  }

  async #obtain(scope: PeerCallScope, { key, taskId, resourceId }: Allocation, progress: { reserved: boolean }): Promise<string> {
    const { registry, fork } = this.parts;
    const task = await fork().findOneOrFail(Task, taskId);
    const { minCpuAvailable: cpu = 0, minGpuAvailable: gpu = 0 } = task.requirements;
    try {
      await registry.reserve(scope, { resourceId, cpu, gpu, key });
    } catch (error) {
      progress.reserved = !(error instanceof HutongError && NOTHING_RESERVED.has(error.code));
      throw error instanceof HutongError && error.code === 'NOT_FOUND' ? resourceNotFound({ id: String(resourceId), field: CHOSEN }) : error;
    }
    const resource = await registry.resource(scope, resourceId);
    if (!resource) throw resourceNotFound({ id: String(resourceId), field: CHOSEN });
    const url = await this.#urlOf(resource, task, key);
    await registry.confirm(scope, key);
    return url;
  }

  async #urlOf(resource: ResourceAddress, task: Task, idempotencyKey: string): Promise<string> {
    const { organization, computingId } = resource;
    const { urlTemplate, webhook } = await this.parts.providers.addressing(this.parts.fork(), organization);
    if (!webhook) return urlTemplate === null ? plainUrl(resource) : templateUrl(urlTemplate, resource, task.id);
    const { url, secret, timeoutMs } = webhook;
    if (secret === undefined) throw providerUnreachable({ organization, problem: 'its secret cannot be read any more; save it again' });
    return this.parts.webhooks.allocate({
      organization,
      url,
      secret,
      timeoutMs,
      budgetMs: this.parts.settings.allocationBudgetMs,
      idempotencyKey,
      body: { task_id: task.id, computing_resource_id: resource.id, computing_id: computingId, template: task.template },
    });
  }
}

/** Whether another subgraph, and not the allocation, is what failed. */
export const isUnavailable = (error: unknown): boolean => error instanceof HutongError && error.code === 'SUBGRAPH_UNAVAILABLE';

/** A failure as it may be shown; what nobody expected is named but not told. */
function keptFailure(error: unknown): KeptFailure {
  if (error instanceof HutongError) return { code: error.code, status: error.status, message: error.message };
  return { code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'an internal error' };
}
