import type { QueryPlan } from '@apollo/query-planner';
import { plannerBusy } from '../../errors.js';
import { FairQueue } from './fair.queue.js';
import { PlannerThread, type AskedPlan, type PlannedSupergraph } from './planner.thread.js';

/** The second one is there for those who ask while somebody else's operation takes long. */
const MOST_THREADS = 2;
/** How long somebody waits before that is started. */
const PATIENCE_MS = 100;
/** How long a thread stays with nothing to do. */
const IDLE_MS = 30_000;

const MOST_WAITING = 1_000;
const MOST_WAITING_OF_ONE = 100;
/** How long an operation may wait, in terms of what making its plan may take. */
const LONGEST_WAIT = 10;

/** What asks for a plan that may take any time waits as long as it takes. */
const isPatient = ({ milliseconds }: AskedPlan): boolean => milliseconds === Infinity;

interface Waiting {
  asker: string;
  asked: AskedPlan;
  end: PromiseWithResolvers<QueryPlan>;
  tooLate?: NodeJS.Timeout;
}

/**
 * Makes the plans of this process, in threads of their own: how long the planner takes for an operation nobody knows beforehand, and
 * requests are answered meanwhile. One operation of each asker is planned at a time. What was asked for is known for good, so threads
 * have nothing to do most of the time: they end then, and the next operation that is new begins another one.
 */
export class PlannerPool {
  /** With the timer that ends a thread for having nothing to do. */
  readonly #threads = new Map<PlannerThread, NodeJS.Timeout>();
  readonly #queue = new FairQueue<Waiting>();
  readonly #busy = new Set<string>();
  readonly #letGo = new FinalizationRegistry<number>((graph) => this.#threads.forEach((_, thread) => thread.forget(graph)));
  #graphs = 0;
  #impatience: NodeJS.Timeout | undefined;

  constructor(private readonly idleMs = IDLE_MS) {}

  /** How many threads there are now. */
  get threads(): number {
    return this.#threads.size;
  }

  /** Starts a thread in the background, so that the first plan need not wait for it. */
  start(): void {
    if (this.#threads.size === 0) this.#startThread();
  }

  /** A supergraph to plan for; threads keep what they made of it for as long as this is held. */
  supergraph(supergraphSdl: string): PlannedSupergraph {
    const graph = { id: this.#graphs++, supergraphSdl };
    this.#letGo.register(graph, graph.id);
    return graph;
  }

  /**
   * @param asker on whose behalf, for who asks much is not to keep others waiting
   * @throws LIMIT_EXCEEDED when it takes longer than it may, or more memory than there is; PLANNER_BUSY when its turn does not come in time
   */
  plan(asker: string, asked: AskedPlan): Promise<QueryPlan> {
    const waiting: Waiting = { asker, asked, end: Promise.withResolvers() };
    if (!isPatient(asked)) {
      if (this.#queue.size >= MOST_WAITING || this.#queue.sizeOf(asker) >= MOST_WAITING_OF_ONE) throw plannerBusy({ extensions: { retryAfterSeconds: 1 } });
      waiting.tooLate = setTimeout(() => this.#giveUp(waiting), LONGEST_WAIT * asked.milliseconds);
    }
    this.#queue.add(asker, waiting);
    this.#serve();
    return waiting.end.promise;
  }

  /** Whatever can be begun now is. */
  #serve(): void {
    if (this.#threads.size === 0 && this.#queue.size > 0) this.#startThread();
    for (const thread of this.#threads.keys()) {
      if (thread.busy) continue;
      const next = this.#queue.take(this.#busy);
      if (!next) return;
      this.#run(thread, next);
    }
    if (this.#threads.size < MOST_THREADS && this.#queue.hasNext(this.#busy)) this.#becomeImpatient();
  }

  #run(thread: PlannerThread, { asker, asked, end, tooLate }: Waiting): void {
    clearTimeout(tooLate);
    this.#busy.add(asker);
    void thread
      .plan(asked)
      .then(end.resolve, end.reject)
      .finally(() => {
        this.#busy.delete(asker);
        this.#threads.get(thread)?.refresh();
        this.#serve();
      });
  }

  #becomeImpatient(): void {
    if (this.#impatience === undefined) this.#impatience = setTimeout(() => this.#bringHelp(), PATIENCE_MS).unref();
  }

  #bringHelp(): void {
    this.#impatience = undefined;
    if (this.#threads.size >= MOST_THREADS || !this.#queue.hasNext(this.#busy)) return;
    this.#startThread();
    this.#serve();
  }

  #dismiss(thread: PlannerThread): void {
    // It will be idle when it is done.
    if (thread.busy) return;
    this.#threads.delete(thread);
    thread.stop();
  }

  #giveUp(waiting: Waiting): void {
    if (this.#queue.remove(waiting.asker, waiting)) waiting.end.reject(plannerBusy({ extensions: { retryAfterSeconds: 1 } }));
  }

  #startThread(): PlannerThread {
    let isUp = false;
    const thread = new PlannerThread((graph) => {
      clearTimeout(idle);
      // Where it was not dismissed, the next one to ask is not to wait for all of it; but what could not be started once is not tried on and on.
      if (this.#threads.delete(thread) && isUp && this.#threads.size === 0) {
        const next = this.#startThread();
        if (graph) next.open(graph).catch(() => undefined);
      }
    });
    const idle = setTimeout(() => this.#dismiss(thread), this.idleMs).unref();
    this.#threads.set(thread, idle);
    thread.up.then(() => (isUp = true)).catch(() => undefined);
    return thread;
  }
}

/** The one of this process. */
export const plannerPool = new PlannerPool();
