import { randomUUID } from 'node:crypto';
import { mayBecome, sql, type WorkerPresence } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import type { SchedulingSettings } from '../environment.js';
import { taskNotFound, taskNotOpen } from '../errors.js';
import { Offer } from '../task/offer.entity.js';
import { Task } from '../task/task.entity.js';
import type { TaskEvents } from '../task/task.events.js';
import { TASK_STATES, TaskState } from '../task/task.states.js';
import { Allocation, type KeptFailure } from './allocation.entity.js';
import type { AllocationJobs } from './allocation.jobs.js';

/** What to do next about a task: nothing; work on an allocation; wait for somebody else's. */
export type Step = { kind: 'done'; giveBack?: Allocation | null } | { kind: 'work'; allocation: Allocation } | { kind: 'wait'; key: string };

interface StoreParts {
  /** Makes an EntityManager for one transaction. */
  fork: () => EntityManager;
  events: TaskEvents;
  jobs: AllocationJobs;
  presence: WorkerPresence;
  settings: Pick<SchedulingSettings, 'allocationExpiryMs' | 'offerExpiryMs'>;
}

/** When to look whether an allocation got stuck, and whether a reservation was really given back. */
const LOOK_AFTER_SECONDS = { pending: 30, returning: 5 };

/**
 * The steps of an allocation as the database sees them. Each is one short transaction that holds the task's row; none
 * asks anything of anybody. Every change of a task's state goes through here, with its event.
 */
export class AllocationStore {
  constructor(private readonly parts: StoreParts) {}

  /** Writes down that a task is to get a resource; or says what stands in the way. */
  async begin(taskId: number, resourceId: number): Promise<Step> {
    const key = randomUUID();
    this.parts.presence.begin(key);
    let step: Step | undefined;
    try {
      step = await this.#inTask(taskId, async (tx, task) => {
        if (task.state === TaskState.ALLOCATING) return this.#underWay(tx, task);
        if (task.state === TaskState.ALLOCATED && task.chosenResourceId === resourceId) return { kind: 'done' };
        requireUnexpired(task);
        await this.#become(tx, task, TaskState.ALLOCATING, { chosenResourceId: resourceId, resourceUrl: null, stateReason: null });
        const allocation = tx.create(Allocation, { key, taskId, resourceId, state: 'PENDING', worker: this.parts.presence.id, createdAt: new Date() } as Allocation);
        await tx.persist(allocation).flush();
        await this.parts.jobs.lookAgain(tx, key, LOOK_AFTER_SECONDS.pending);
        return { kind: 'work', allocation };
      });
      return step;
    } finally {
      if (step?.kind !== 'work' || step.allocation.key !== key) this.parts.presence.end(key);
    }
  }

  /** Takes over an allocation that its process abandoned; undefined when it is finished or in living hands. */
  async takeOver(key: string): Promise<Allocation | undefined> {
    const known = await this.find(key);
    if (known?.state !== 'PENDING') return undefined;
    return this.#inTask(known.taskId, async (tx, task) => {
      const step = task.state === TaskState.ALLOCATING ? await this.#underWay(tx, task) : undefined;
      if (step?.kind !== 'work') return undefined;
      if (step.allocation.key === key) return step.allocation;
      this.parts.presence.end(step.allocation.key);
      return undefined;
    });
  }

  /** The allocation has its reservation and its URL: gives both to the task. False when somebody else has finished it. */
  async settle(key: string, resourceUrl: string): Promise<{ mine: boolean; giveBack: Allocation | null }> {
    return this.#onMine(key, async (tx, task, allocation) => {
      const giveBack = await this.#letGo(tx, task);
      allocation.state = 'HELD';
      allocation.resourceUrl = resourceUrl;
      const { allocationExpiryMs } = this.parts.settings;
      const expiresAt = allocationExpiryMs === null ? null : new Date(Date.now() + allocationExpiryMs);
      await this.#become(tx, task, TaskState.ALLOCATED, { chosenResourceId: allocation.resourceId, resourceUrl, expiresAt, stateReason: null });
      return giveBack;
    });
  }

  /** The allocation came to nothing: the task keeps what it had, or is FAILED. `reserved`: whether there may be something to give back. */
  async fail(key: string, failure: KeptFailure, reserved: boolean): Promise<{ mine: boolean; giveBack: Allocation | null }> {
    return this.#onMine(key, async (tx, task, allocation) => {
      allocation.failure = failure;
      allocation.state = reserved ? 'RETURNING' : 'RETURNED';
      if (reserved) await this.parts.jobs.lookAgain(tx, key, LOOK_AFTER_SECONDS.returning);
      const held = await tx.findOne(Allocation, { taskId: task.id, state: 'HELD' });
      if (held) {
        const stateReason = `could not move to computing resource ${allocation.resourceId}: ${failure.message}`;
        await this.#become(tx, task, TaskState.ALLOCATED, { chosenResourceId: held.resourceId, resourceUrl: held.resourceUrl, stateReason });
      } else {
        const expiresAt = new Date(task.createdAt.getTime() + this.parts.settings.offerExpiryMs);
        await this.#become(tx, task, TaskState.FAILED, { chosenResourceId: null, expiresAt, stateReason: failure.message });
      }
      return reserved ? allocation : null;
    });
  }

  /** Records that the user refuses an offered resource; the task is REFUSED unless it has another one. */
  async refuse(taskId: number, resourceId: number): Promise<Step> {
    return this.#inTask(taskId, async (tx, task) => {
      if (task.state === TaskState.ALLOCATING) return this.#underWay(tx, task);
      const offer = await tx.findOneOrFail(Offer, { taskId, resourceId });
      const isRepeated = offer.refusedAt !== null;
      const hasAnother = task.state === TaskState.ALLOCATED && task.chosenResourceId !== resourceId;
      const isOver = !isRepeated && isFinal(task.state);
      if (isOver) throw taskNotOpen({ id: task.id, state: task.state });
      offer.refusedAt ??= new Date();
      await tx.flush();
      if (hasAnother || task.state === TaskState.REFUSED || isFinal(task.state)) return { kind: 'done' };
      return { kind: 'done', giveBack: await this.#close(tx, task, TaskState.REFUSED) };
    });
  }

  /** Ends a task for good. */
  async release(taskId: number): Promise<Step> {
    return this.#inTask(taskId, async (tx, task) => {
      if (task.state === TaskState.ALLOCATING) return this.#underWay(tx, task);
      if (task.state === TaskState.RELEASED) return { kind: 'done' };
      return { kind: 'done', giveBack: await this.#close(tx, task, TaskState.RELEASED) };
    });
  }

  /** Ends a task whose time is over; nothing happens when it is not, after all. */
  async expire(taskId: number): Promise<Allocation | null> {
    return this.#inTask(taskId, async (tx, task) => (isOverdue(task) ? this.#close(tx, task, TaskState.EXPIRED) : null));
  }

  /** An allocation as it is now. */
  find(key: string): Promise<Allocation | null> {
    return this.parts.fork().findOne(Allocation, { key });
  }

  /** Notes that nothing of an allocation is left. */
  async returned(key: string): Promise<void> {
    await this.parts.fork().nativeUpdate(Allocation, { key, state: 'RETURNING' }, { state: 'RETURNED' });
  }

  /** Keys of allocations that are not at rest, oldest first; and ids of tasks whose time is over. */
  async unfinished(limit: number): Promise<{ keys: string[]; overdue: number[] }> {
    const em = this.parts.fork();
    const [allocations, tasks] = await Promise.all([
      sql<{ key: string }>(em, `select key from scheduling.allocation where state in ('PENDING', 'RETURNING') order by created_at limit $1`, [limit]),
      sql<{ id: number }>(
        em,
        `select id from scheduling.task where state in ('OFFERED', 'FAILED', 'ALLOCATED') and expires_at <= now() order by expires_at limit $1`,
        [limit],
      ),
    ]);
    return { keys: allocations.map(({ key }) => key), overdue: tasks.map(({ id }) => id) };
  }

  #inTask<Result>(taskId: number, work: (tx: EntityManager, task: Task) => Promise<Result>): Promise<Result> {
    return this.parts.fork().transactional(async (tx) => {
      const task = await tx.findOne(Task, taskId, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!task) throw taskNotFound({ id: String(taskId) });
      return work(tx, task);
    });
  }

  /** Runs a step on an allocation that is still this process's to finish. */
  async #onMine(key: string, work: (tx: EntityManager, task: Task, allocation: Allocation) => Promise<Allocation | null>): Promise<{ mine: boolean; giveBack: Allocation | null }> {
    const known = await this.find(key);
    if (!known) return { mine: false, giveBack: null };
    return this.#inTask(known.taskId, async (tx, task) => {
      const allocation = await tx.findOneOrFail(Allocation, { key });
      if (allocation.state !== 'PENDING' || allocation.worker !== this.parts.presence.id) return { mine: false, giveBack: null };
      return { mine: true, giveBack: await work(tx, task, allocation) };
    });
  }

  /** What to do about the allocation that a task is in the middle of: wait, or take it over from a process that is gone. */
  async #underWay(tx: EntityManager, task: Task): Promise<Step> {
    const allocation = await tx.findOneOrFail(Allocation, { taskId: task.id, state: 'PENDING' });
    if (!(await this.parts.presence.isAbandoned(tx, allocation))) return { kind: 'wait', key: allocation.key };
    allocation.worker = this.parts.presence.id;
    await tx.flush();
    this.parts.presence.begin(allocation.key);
    return { kind: 'work', allocation };
  }

  /** Lets go of the allocation that a task holds; its reservation is given back from here on. */
  async #letGo(tx: EntityManager, task: Task): Promise<Allocation | null> {
    const held = await tx.findOne(Allocation, { taskId: task.id, state: 'HELD' });
    if (!held) return null;
    held.state = 'RETURNING';
    await tx.flush();
    await this.parts.jobs.lookAgain(tx, held.key, LOOK_AFTER_SECONDS.returning);
    return held;
  }

  async #close(tx: EntityManager, task: Task, state: TaskState): Promise<Allocation | null> {
    const held = await this.#letGo(tx, task);
    await this.#become(tx, task, state, { chosenResourceId: null, resourceUrl: null, expiresAt: null, stateReason: null });
    return held;
  }

  async #become(tx: EntityManager, task: Task, state: TaskState, change: Partial<Task>): Promise<void> {
    if (!mayBecome(TASK_STATES, task.state, state)) throw taskNotOpen({ id: task.id, state: task.state });
    Object.assign(task, change, { state });
    await tx.flush();
    await this.parts.events.append(tx, task);
  }
}

const isFinal = (state: TaskState): boolean => state === TaskState.RELEASED || state === TaskState.EXPIRED;

const EXPIRING: readonly TaskState[] = [TaskState.OFFERED, TaskState.FAILED, TaskState.ALLOCATED];

const isOverdue = ({ state, expiresAt }: Task): boolean => EXPIRING.includes(state) && expiresAt !== null && expiresAt.getTime() <= Date.now();

/** An overdue task counts as expired even before the sweep has come to it. */
function requireUnexpired(task: Task): void {
  if (isOverdue(task)) throw taskNotOpen({ id: task.id, state: TaskState.EXPIRED });
}
