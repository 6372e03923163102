import { Worker } from 'node:worker_threads';
import type { QueryPlan } from '@apollo/query-planner';
import { limitExceeded } from '@hutong/common';
import type { PlannerAnswer, PlannerRequest } from './planner.messages.js';

/** Compiled, wherever this file runs from: a thread has no loader of TypeScript. */
const SCRIPT = new URL('../../../dist/federation/planning/planner.worker.js', import.meta.url);

/** What the heap of the thread may grow to; its planners need a tenth of that. */
const MEMORY_MIB = 256;
/** How often that is looked at. */
const LOOK_MS = 50;
/** A thread that others keep from its work may take so many times longer by the clock. */
const PATIENCE = 4;
/** Of a thread that has ended. */
const NOTHING = { user: 0, system: 0 };
/** Never reached, as it would end the whole process: what the planner allocates at once is too much for a thread to be ended in order. */
const LIMITS = { maxOldGenerationSizeMb: 8 * MEMORY_MIB };

/** An operation of one graph. */
export interface AskedPlan {
  graph: PlannedSupergraph;
  text: string;
  operationName: string | undefined;
  /** How long making the plan may take, of the thread's processor time. */
  milliseconds: number;
}

/** A supergraph as threads know it. */
export interface PlannedSupergraph {
  readonly id: number;
  readonly supergraphSdl: string;
}

interface Work {
  graph: PlannedSupergraph;
  end: PromiseWithResolvers<QueryPlan>;
  /** In milliseconds of processor time. */
  limit: number;
  /** What the thread had taken before. */
  before: number;
  deadline?: NodeJS.Timeout;
  latest?: NodeJS.Timeout;
  looking?: NodeJS.Timeout;
}

/**
 * A thread that makes plans, one at a time. It ends with the first that takes too long or too much memory, as nothing else ends what
 * the planner is doing. It keeps no process alive that does not wait for a plan.
 */
export class PlannerThread {
  readonly #worker: Worker;
  readonly #opened = new Map<number, PromiseWithResolvers<void>>();
  readonly #up = Promise.withResolvers<void>();
  #work: Work | undefined;
  #ended = false;

  /** @param onEnd called once, when the thread is of no use any more, with the graph that it planned for */
  constructor(private readonly onEnd: (graph: PlannedSupergraph | undefined) => void) {
    this.#worker = new Worker(SCRIPT, { name: 'planner', execArgv: [], env: {}, resourceLimits: LIMITS });
    this.#worker.unref();
    this.#worker.on('message', (answer: PlannerAnswer) => this.#hear(answer));
    this.#worker.once('error', (failure) => this.#end(failure));
    this.#worker.once('exit', () => this.#end(new Error('The thread of the planner has ended')));
    this.#up.promise.catch(() => undefined);
  }

  /** Resolves when the thread can plan. */
  get up(): Promise<void> {
    return this.#up.promise;
  }

  get busy(): boolean {
    return this.#work !== undefined;
  }

  /** @throws LIMIT_EXCEEDED when it takes longer than it may, or more than there is */
  async plan({ graph, text, operationName, milliseconds }: AskedPlan): Promise<QueryPlan> {
    const work: Work = { graph, end: Promise.withResolvers(), limit: milliseconds, before: 0 };
    work.end.promise.catch(() => undefined);
    this.#work = work;
    this.#worker.ref();
    try {
      await this.open(graph);
      if (milliseconds !== Infinity) work.before = await this.#taken();
      this.#tell({ kind: 'plan', graph: graph.id, text, operationName });
      work.looking = setInterval(() => void this.#look(work), LOOK_MS);
      if (milliseconds !== Infinity) {
        work.deadline = setTimeout(() => void this.#judge(work), milliseconds);
        work.latest = setTimeout(() => this.#late(work), PATIENCE * milliseconds);
      }
      return await work.end.promise;
    } finally {
      clearTimeout(work.deadline);
      clearTimeout(work.latest);
      clearInterval(work.looking);
      this.#work = undefined;
      this.#worker.unref();
    }
  }

  /** Makes what the thread needs to plan for a graph, once. */
  async open({ id, supergraphSdl }: PlannedSupergraph): Promise<void> {
    await this.up;
    let opened = this.#opened.get(id);
    if (!opened) {
      this.#opened.set(id, (opened = Promise.withResolvers()));
      opened.promise.catch(() => undefined);
      this.#tell({ kind: 'open', graph: id, supergraphSdl });
    }
    return opened.promise;
  }

  /** Lets go of what the thread keeps for a graph. */
  forget(graph: number): void {
    if (this.#opened.delete(graph)) this.#tell({ kind: 'forget', graph });
  }

  /** Ends the thread, wherever it is. */
  stop(): void {
    this.#end(new Error('The thread of the planner was stopped'));
  }

  /** Ends what has had its time; what others kept from it is still to come. */
  async #judge(work: Work): Promise<void> {
    const left = work.limit - ((await this.#taken()) - work.before);
    if (this.#work !== work) return;
    if (left > 0) work.deadline = setTimeout(() => void this.#judge(work), left);
    else this.#late(work);
  }

  /** An answer that has come before, while this process was busy itself, is taken first. */
  #late(work: Work): void {
    setImmediate(() => {
      if (this.#work === work) this.#end(tooMuch(`${work.limit} ms (LIMIT_PLANNING_MS)`));
    });
  }

  /** Milliseconds of processor time that the thread has taken. */
  async #taken(): Promise<number> {
    const { user, system } = await this.#worker.cpuUsage().catch(() => NOTHING);
    return (user + system) / 1_000;
  }

  async #look(work: Work): Promise<void> {
    const heap = await this.#worker.getHeapStatistics().catch(() => undefined);
    if (heap && heap.used_heap_size > MEMORY_MIB * 2 ** 20 && this.#work === work) this.#end(tooMuch(`${MEMORY_MIB} MiB of memory`));
  }

  #hear(answer: PlannerAnswer): void {
    if (answer.kind === 'up') this.#beUp();
    else if (answer.kind === 'opened') this.#opened.get(answer.graph)?.resolve();
    else if (answer.kind === 'plan') this.#work?.end.resolve(answer.plan);
    else this.#work?.end.reject(answer.kind === 'too much' ? tooMuch('as many ways as can be compared') : new Error(`The operation could not be planned: ${answer.reason}`));
  }

  #beUp(): void {
    // What it does to start holds the process again.
    if (!this.#work) this.#worker.unref();
    this.#up.resolve();
  }

  #end(failure: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd(this.#work?.graph);
    this.#up.reject(failure);
    for (const opened of this.#opened.values()) opened.reject(failure);
    this.#work?.end.reject(failure);
    void this.#worker.terminate();
  }

  #tell(message: PlannerRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(message);
  }
}

const tooMuch = (allowed: string): Error => limitExceeded({ limit: 'planning', allowed: `${allowed} to plan an operation` });
