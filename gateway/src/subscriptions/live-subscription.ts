import { isDeepStrictEqual } from 'node:util';
import type { HutongError, Log } from '@hutong/common';
import type { ExecutionResult } from 'graphql';
import { eventIdOf } from '../federation/event-id.js';
import { askerOf, type EventSource, type FederatedGraph, type GraphOperation, type PlannedOperation, type RequestScope } from '../federation/federated-graph.js';
import { SourceSuccessor } from './source-successor.js';

type Events = AsyncIterableIterator<ExecutionResult>;

/** A valid subscription as a client asks for it. */
export interface SubscriptionOperation extends GraphOperation {
  variables: Record<string, unknown>;
}

/** The graph that events are joined by, and the source in the form that its plan needs. */
interface Plan {
  graph: FederatedGraph;
  planned: PlannedOperation;
  source: EventSource;
}

/** The plan of a newer graph, while its source is opened and does not know yet where to begin. */
interface Next {
  plan: Plan;
  events?: SourceSuccessor;
}

export interface LiveSubscriptionOptions {
  operation: SubscriptionOperation;
  scope: RequestScope;
  /** Called once, when the subscription has ended for whatever reason. */
  onEnd: () => void;
  log: Log;
}

/**
 * The results of one subscription, over every graph that becomes current while it runs. When a graph needs the same of the
 * source, the source stays open; when it needs another form, a second source is opened and takes over without a gap or a
 * repeated event. Fails only with a `HutongError`.
 */
export class LiveSubscription implements AsyncIterableIterator<ExecutionResult> {
  readonly #options: LiveSubscriptionOptions;
  #plan: Plan;
  #events: Events;
  #next: Next | undefined;
  /** The newest graph that it was to go on with. */
  #newest: FederatedGraph;
  #lastTold: string | undefined;
  /** That of a source which was left while its event was awaited; only until that has come, or none. */
  #left: Plan | undefined;
  #failure: HutongError | undefined;
  #ended = false;

  private constructor(options: LiveSubscriptionOptions, plan: Plan, events: Events) {
    this.#options = options;
    this.#plan = plan;
    this.#newest = plan.graph;
    this.#events = events;
  }

  /** Answers a result without data when the subgraph refuses. @throws HutongError when it does not answer */
  static async open(graph: FederatedGraph, options: LiveSubscriptionOptions): Promise<LiveSubscription | ExecutionResult> {
    const plan = await planOf(graph, options);
    const events = await graph.open(plan.source, options.scope);
    return Symbol.asyncIterator in events ? new LiveSubscription(options, plan, events) : events;
  }

  /** Goes on with a graph for which the operation is valid. @throws HutongError when there is no plan for it */
  async moveTo(graph: FederatedGraph): Promise<void> {
    if (this.#ended || this.#newest === graph) return;
    this.#newest = graph;
    void this.#next?.events?.return();
    this.#next = undefined;
    const plan = await planOf(graph, this.#options);
    if (this.#ended || this.#newest !== graph) return;
    if (isDeepStrictEqual(plan.source, this.#plan.source)) {
      this.#plan = plan;
      return;
    }
    this.#next = { plan };
    void this.#openNext(this.#next);
  }

  /** Ends with this failure, which its reader gets in place of the next result. */
  end(failure: HutongError): void {
    if (this.#ended) return;
    this.#failure = failure;
    void this.return();
  }

  async next(): Promise<IteratorResult<ExecutionResult>> {
    try {
      const told = await this.#read();
      if (this.#failure) throw this.#failure;
      if (told === undefined) {
        await this.return();
        return { done: true, value: undefined };
      }
      const { operation, scope } = this.#options;
      return { done: false, value: await told.plan.graph.join(told.plan.planned, told.event, operation.variables, scope) };
    } catch (error) {
      await this.return();
      throw this.#failure ?? error;
    }
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    if (!this.#ended) {
      this.#ended = true;
      this.#options.onEnd();
      await Promise.all([this.#events.return?.(), this.#next?.events?.return()]);
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event of the source, or of its successor when that may take over, with the plan for its form; undefined at the end. */
  async #read(): Promise<{ event: ExecutionResult; plan: Plan } | undefined> {
    if (this.#next?.events?.met) this.#takeOver(this.#next.plan, this.#next.events);
    const events = this.#events;
    let failure: unknown;
    const item = await events.next().catch((error: unknown) => void (failure = error));
    const left = this.#left;
    this.#left = undefined;
    if (item && !item.done) {
      this.#lastTold = eventIdOf(item.value);
      this.#next?.events?.tell(this.#lastTold);
      return { event: item.value, plan: left ?? this.#plan };
    }
    if (this.#ended) return undefined;
    if (this.#events === events) {
      if (!this.#next?.events) {
        if (failure !== undefined) throw failure;
        return undefined;
      }
      this.#takeOver(this.#next.plan, this.#next.events);
    }
    return this.#read();
  }

  #takeOver(plan: Plan, events: SourceSuccessor): void {
    const before = this.#events;
    this.#plan = plan;
    this.#events = events;
    this.#next = undefined;
    void before.return?.();
  }

  async #openNext(next: Next): Promise<void> {
    const { scope, log } = this.#options;
    const { graph, source } = next.plan;
    try {
      const events = await graph.open(source, scope);
      if (!(Symbol.asyncIterator in events)) throw events.errors?.[0] ?? new Error('refused');
      if (this.#next !== next || this.#ended) return void (await events.return?.());
      next.events = new SourceSuccessor(events, this.#lastTold);
      // Without ids nothing tells which events both have: the successor takes over at once.
      if (!source.identified || !this.#plan.source.identified) {
        this.#left = this.#plan;
        this.#takeOver(next.plan, next.events);
      }
    } catch (err) {
      if (this.#next === next) this.#next = undefined;
      log.warn({ requestId: scope.requestId, subgraph: source.subgraph, err }, 'a subscription stays with the graph before: its source could not be opened anew');
    }
  }
}

async function planOf(graph: FederatedGraph, { operation: { variables, ...operation }, scope }: LiveSubscriptionOptions): Promise<Plan> {
  const planned = await graph.plan({ ...operation, asker: askerOf(scope.caller) });
  return { graph, planned, source: graph.sourceOf(planned, variables) };
}
