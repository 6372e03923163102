import { HutongError, mapIterator, subgraphUnavailable, timeAllowed, withDeadline, type AnswerBudget, type Cancellation, type Caller, type Log, type Origin, type SubgraphConnection, type SubgraphRequest } from '@hutong/common';
import { subgraphFetches } from '@hutong/common/telemetry';
import { GraphQLError, Kind, parse, type ExecutionResult, type SelectionNode } from 'graphql';
import type { PlannedFetch } from './executor/plan.program.js';
import { ScannedAnswer } from './executor/splice/scanned.answer.js';
import type { RequestScope } from './federated-graph.js';
import type { FetchedShapes } from './fetched-shape.js';

/** The scope of one execution of a plan. */
export interface FetchScope extends Omit<RequestScope, 'signal'> {
  /** When the caller has gone, the request's time is over, or the budget is used up. */
  cancellation: Cancellation;
  /** What its fetches may still answer, all together. */
  budget: AnswerBudget;
  /** Whether it is the join of an event. */
  live?: boolean;
}

export interface SubgraphFetchOptions {
  subgraph: string;
  /** Looked at for each fetch, so that a subgraph may come and go. */
  connections: ReadonlyMap<string, SubgraphConnection>;
  /** Of a fetch that does not ask to wait. */
  timeoutMs: number;
  /** What the executor relies on in an answer. */
  shapes: FetchedShapes;
  log: Log;
}

/** A fetch of entities that fails is told for so many of them; the caller sees the others as null. */
const REPORTED_ENTITIES = 20;

/** The plan executor's way to one subgraph. Failures of the way itself become errors of the fields that were asked for. */
export class SubgraphFetch {
  readonly #options: SubgraphFetchOptions;

  constructor(options: SubgraphFetchOptions) {
    this.#options = options;
  }

  fetch(fetch: PlannedFetch, scope: FetchScope): Promise<ExecutionResult> {
    const { origin, requestId } = scope;
    return subgraphFetches.run({ subgraph: this.#options.subgraph, origin, requestId }, () => this.#answer(fetch, scope)).catch((reason: unknown) => {
      const { message, extensions } = this.#failure(reason, requestId);
      return { errors: pathsOf(fetch).map((path) => new GraphQLError(message, { path, extensions })) };
    });
  }

  /**
   * Opens the stream of a root field of the subgraph.
   *
   * @throws HutongError when the subgraph does not answer, as the stream does when the way to the subgraph breaks
   */
  async subscribe(
    fetch: Pick<SubgraphRequest, 'document' | 'operationName' | 'variables'>,
    { caller, origin, requestId, cancellation, budget }: FetchScope,
  ): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const { subgraph, connections, timeoutMs } = this.#options;
    try {
      const connection = connections.get(subgraph);
      if (!connection) throw subgraphUnavailable({ subgraph });
      const tooLate = () => subgraphUnavailable({ subgraph, seconds: timeoutMs / 1000 });
      const opening = connection.subscribe({ ...fetch, caller, origin, requestId, signal: cancellation.signal, budget });
      const events = await withDeadline(cancellation, timeoutMs, tooLate, () => opening).catch((reason: unknown) => {
        // What opens too late is closed again.
        void opening.then((late) => (Symbol.asyncIterator in late ? late.return?.() : undefined)).catch(() => undefined);
        throw reason;
      });
      if (!(Symbol.asyncIterator in events)) return events;
      return this.#guarded(connection.isRemote ? mapIterator(events, (event) => this.#sound(event, fetch)) : events, requestId);
    } catch (reason) {
      throw this.#failure(reason, requestId);
    }
  }

  #guarded(events: AsyncIterableIterator<ExecutionResult>, requestId: string): AsyncIterableIterator<ExecutionResult> {
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => events.next().catch((reason: unknown) => Promise.reject(this.#failure(reason, requestId))),
      return: async () => {
        await events.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  async #answer(fetch: PlannedFetch, scope: FetchScope): Promise<ExecutionResult> {
    const { subgraph, connections, timeoutMs: usualMs } = this.#options;
    const connection = connections.get(subgraph);
    if (!connection) throw subgraphUnavailable({ subgraph });
    const waitMs = timeAllowed(0, fetch.document, fetch.given);
    const timeoutMs = Math.max(usualMs, waitMs);
    const tooLate = () => subgraphUnavailable({ subgraph, seconds: timeoutMs / 1000 });
    const ask = (cancellation: Cancellation) => connection.execute(new FetchRequest(fetch, scope, cancellation, waitMs > 0));
    const result = await withDeadline(scope.cancellation, timeoutMs, tooLate, ask, scope.received);
    return connection.isRemote ? this.#sound(result, fetch) : result;
  }

  /** @throws Error for data that was not asked for */
  #sound(result: ExecutionResult, { document, entities }: Pick<PlannedFetch, 'document' | 'entities'>): ExecutionResult {
    // Its scanner knows the document.
    if (!(result instanceof ScannedAnswer)) this.#options.shapes.check(document, result.data, entities);
    else if (entities !== undefined) result.checkEntities(entities);
    return result;
  }

  #failure(reason: unknown, requestId: string): HutongError {
    if (reason instanceof HutongError) return reason;
    const { subgraph, log } = this.#options;
    log.error({ requestId, subgraph, err: reason }, 'subgraph did not answer');
    return subgraphUnavailable({ subgraph, cause: reason });
  }
}

/** What a fetch asks a connection. Few of these look at a signal, or at variables that are JSON already, so that they are made for those only. */
class FetchRequest implements SubgraphRequest {
  readonly document: string;
  readonly operationName: string | undefined;
  readonly variablesJson: string | undefined;
  readonly read: SubgraphRequest['read'];
  readonly caller: Caller;
  readonly origin: Origin;
  readonly requestId: string;
  readonly budget: AnswerBudget;
  readonly received: Promise<void> | undefined;
  readonly live: boolean | undefined;
  readonly cancellation: Cancellation;
  readonly hasDeadline = true;
  readonly isQuery: boolean | undefined;
  readonly waits: boolean;
  readonly #fetch: PlannedFetch;

  constructor(fetch: PlannedFetch, scope: FetchScope, cancellation: Cancellation, waits: boolean) {
    this.#fetch = fetch;
    this.document = fetch.document;
    this.operationName = fetch.operationName;
    this.variablesJson = fetch.variablesJson;
    this.read = fetch.read;
    this.caller = scope.caller;
    this.origin = scope.origin;
    this.requestId = scope.requestId;
    this.budget = scope.budget;
    this.received = scope.received;
    this.live = scope.live;
    this.cancellation = cancellation;
    this.isQuery = fetch.isQuery;
    this.waits = waits;
  }

  get variables(): Record<string, unknown> {
    return this.#fetch.variables;
  }

  get signal(): AbortSignal {
    return this.cancellation.signal;
  }
}

/** Where in the subgraph's answer the fields stand that it owed; the executor turns them into paths of the whole answer. */
function pathsOf({ document, entities }: PlannedFetch): (string | number)[][] {
  if (entities !== undefined) return Array.from({ length: Math.min(entities, REPORTED_ENTITIES) }, (_, index) => ['_entities', index]);
  const operation = parse(document, { noLocation: true }).definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return (operation?.selectionSet.selections ?? []).flatMap(rootPath);
}

function rootPath(selection: SelectionNode): string[][] {
  if (selection.kind === Kind.FIELD) return [[(selection.alias ?? selection.name).value]];
  return selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet.selections.flatMap(rootPath) : [];
}
