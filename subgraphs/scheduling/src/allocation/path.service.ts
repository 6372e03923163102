import { HutongError, timedOut, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { notOffered, resourceNotFound } from '../errors.js';
import type { ComputeRegistry } from '../foreign/compute-registry.peer.js';
import { integerId } from '../foreign/integer-id.js';
import { Offer } from '../task/offer.entity.js';
import { Task } from '../task/task.entity.js';
import type { TaskEvents } from '../task/task.events.js';
import { visibleTask } from '../task/task.reference.js';
import { TaskState } from '../task/task.states.js';
import type { ChooseTaskPathInput } from '../task/task.types.js';
import type { Allocation } from './allocation.entity.js';
import type { AllocationStore, Step } from './allocation.store.js';
import type { AllocationWorker } from './allocation.worker.js';

interface PathParts {
  store: AllocationStore;
  worker: AllocationWorker;
  registry: ComputeRegistry;
  events: TaskEvents;
}

/** How long to wait for what somebody else does with the same task. */
const PATIENCE_SECONDS = 60;
/** How soon to look again whether the process that works on it is still there. */
const LOOK_AGAIN_MS = 1_000;

/** A user's decisions about a task: take a resource, refuse it, release it. */
export class PathService {
  constructor(private readonly parts: PathParts) {}

  /** Takes or refuses an offered resource; see `chooseTaskPath`. */
  async choose(scope: RequestScope, { taskId, computingResourceId, accept }: ChooseTaskPathInput): Promise<Task> {
    const task = await visibleTask(scope.em, scope, taskId);
    const resourceId = await this.#offered(scope, task, computingResourceId);
    const step = accept ? () => this.parts.store.begin(task.id, resourceId) : () => this.parts.store.refuse(task.id, resourceId);
    await this.#untilDone(scope, task.id, step, accept ? resourceId : undefined);
    return visibleTask(scope.em, scope, taskId);
  }

  /** Ends a task and gives back what it has. */
  async release(scope: RequestScope, id: string): Promise<Task> {
    const task = await visibleTask(scope.em, scope, id);
    await this.#untilDone(scope, task.id, () => this.parts.store.release(task.id));
    return visibleTask(scope.em, scope, id);
  }

  /** Whether a user has tasks that hold a resource or are about to. */
  async holdsAnything(em: EntityManager, userId: string): Promise<boolean> {
    return (await em.findOne(Task, { ownerId: userId, state: { $in: [TaskState.ALLOCATING, TaskState.ALLOCATED] } }, { fields: ['id'] })) !== null;
  }

  async #offered(scope: RequestScope, { id: taskId }: Task, computingResourceId: string): Promise<number> {
    const field = 'input.computingResourceId';
    const resourceId = integerId(computingResourceId);
    if (resourceId === undefined) throw resourceNotFound({ id: computingResourceId, field });
    if (await scope.em.fork().count(Offer, { taskId, resourceId })) return resourceId;
    if (!(await this.parts.registry.resource(scope, resourceId))) throw resourceNotFound({ id: computingResourceId, field });
    throw notOffered({ taskId, resourceId, field });
  }

  /**
   * Repeats a step until the database says that it is done. Of several who want the same resource for a task, one works
   * and the others get the same outcome; whoever wants something else waits for that outcome and then has its turn.
   */
  async #untilDone(scope: RequestScope, taskId: number, next: () => Promise<Step>, wanted?: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_SECONDS * 1_000;
    while (performance.now() < deadline) {
      const step = await next();
      if (step.kind === 'done') {
        if (step.giveBack) await this.parts.worker.giveBack(scope, step.giveBack.key);
        return;
      }
      const failed = step.kind === 'work' ? await this.#work(scope, step.allocation) : await this.#outcome(taskId, step.key);
      if (failed && failed.resourceId === wanted) throw failed.error;
    }
    throw timedOut({ what: `another choice for task ${taskId}`, seconds: PATIENCE_SECONDS });
  }

  async #work(scope: RequestScope, allocation: Allocation): Promise<FailedAllocation | undefined> {
    try {
      await this.parts.worker.work(scope, allocation);
      return undefined;
    } catch (error) {
      return { resourceId: allocation.resourceId, error };
    }
  }

  /** Waits for what becomes of somebody else's allocation, but only so long before one has to look again. */
  async #outcome(taskId: number, key: string): Promise<FailedAllocation | undefined> {
    const watch = this.parts.events.watch(taskId, LOOK_AGAIN_MS);
    try {
      let allocation = await this.parts.store.find(key);
      if (allocation?.state === 'PENDING') {
        await watch.changed;
        allocation = await this.parts.store.find(key);
      }
      if (!allocation?.failure) return undefined;
      const { code, status, message } = allocation.failure;
      return { resourceId: allocation.resourceId, error: new HutongError(code, status, message) };
    } finally {
      watch.stop();
    }
  }
}

interface FailedAllocation {
  resourceId: number;
  error: unknown;
}
