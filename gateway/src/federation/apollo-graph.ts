import { buildOperationContext, executeQueryPlan } from '@apollo/gateway';
import { operationFromDocument, Supergraph, type Schema } from '@apollo/federation-internals';
import { QueryPlanner, type FetchNode, type PlanNode, type QueryPlan } from '@apollo/query-planner';
import type { GatewayGraphQLRequestContext } from '@apollo/server-gateway-interface';
import { AnswerBudget, answerSize, HutongError, type Log, type SubgraphConnection } from '@hutong/common';
import { assertValidSchema, type ExecutionResult, type GraphQLError, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { documentBytes } from '../limits/document-bytes.js';
import { eventJoins, planLookups, planning } from '../telemetry/activities.js';
import { withEventId } from './event-id.js';
import type { EventSource, FederatedGraph, GraphOperation, PlannedOperation, RequestScope } from './federated-graph.js';
import { callerError, graphError, missingEntity, ofSubgraph } from './subgraph.errors.js';
import { FetchedShapes } from './fetched-shape.js';
import { SubgraphFetch, type FetchScope } from './subgraph-fetch.js';

export interface ApolloGraphOptions {
  supergraphSdl: string;
  connections: ReadonlyMap<string, SubgraphConnection>;
  /** How long one fetch from a subgraph may take. */
  subgraphTimeoutMs: number;
  /** Bytes of the largest answer; what would be larger is given up while it is fetched. */
  responseBytes: number;
  log: Log;
}

interface Plan extends PlannedOperation {
  document: GraphOperation['document'];
  queryPlan: QueryPlan;
  context: ReturnType<typeof buildOperationContext>;
  /** Of a subscription. */
  live?: { primary: FetchNode; document: string; identified: boolean; join: QueryPlan };
}

/** The name under which an event stands among the subgraphs while it is joined. */
const EVENT = 'event';

/** An event is joined as if it were the answer to the first fetch of an ordinary plan. */
function joinPlan({ primary, rest }: { primary: FetchNode; rest?: PlanNode }): QueryPlan {
  const event: FetchNode = { ...primary, serviceName: EVENT };
  return { kind: 'QueryPlan', node: rest ? { kind: 'Sequence', nodes: [event, rest] } : event };
}

function liveOf(planned: PlannedOperation): NonNullable<Plan['live']> {
  const { live } = planned as Plan;
  if (!live) throw new Error('The operation is no subscription');
  return live;
}

/** Of plans with their documents, those used last. */
const REMEMBERED_BYTES = 32_000_000;

/** What the plan of an operation of this text was seen to take in memory. */
const planBytes = (text: string): number => documentBytes(text) + 2_000 + 50 * text.length;

/** The federated graph on Apollo's query planner and its stock plan executor. */
export class ApolloGraph implements FederatedGraph {
  readonly schema: GraphQLSchema;
  readonly supergraphSdl: string;
  readonly subgraphs: readonly string[];
  readonly #apiSchema: Schema;
  readonly #supergraphSchema: GraphQLSchema;
  readonly #planner: QueryPlanner;
  readonly #plans: LRUCache<string, Plan>;
  readonly #fetches: Record<string, SubgraphFetch>;
  readonly #responseBytes: number;
  readonly #log: Log;

  /** @throws Error when the text is no supergraph, or names a subgraph that there is no connection to */
  constructor({ supergraphSdl, connections, subgraphTimeoutMs, responseBytes, log }: ApolloGraphOptions) {
    const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
    this.supergraphSdl = supergraphSdl;
    this.#apiSchema = supergraph.apiSchema();
    this.schema = this.#apiSchema.toGraphQLJSSchema();
    assertValidSchema(this.schema);
    this.#supergraphSchema = supergraph.schema.toGraphQLJSSchema();
    this.#planner = new QueryPlanner(supergraph);
    this.#plans = new LRUCache({ maxSize: REMEMBERED_BYTES, sizeCalculation: (_plan, key) => planBytes(key) });
    this.subgraphs = supergraph.subgraphsMetadata().map(({ name }) => name);
    const unknown = this.subgraphs.find((name) => !connections.has(name));
    if (unknown !== undefined) throw new Error(`The supergraph names the subgraph ${unknown}, to which there is no connection`);
    const shapes = new FetchedShapes(this.#supergraphSchema);
    this.#fetches = Object.fromEntries(
      this.subgraphs.map((subgraph) => [subgraph, new SubgraphFetch({ subgraph, connections, timeoutMs: subgraphTimeoutMs, shapes, log })]),
    );
    this.#responseBytes = responseBytes;
    this.#log = log;
  }

  plan({ text, document, operationName }: GraphOperation): Plan {
    const key = `${operationName ?? ''}\n${text}`;
    let plan = this.#plans.get(key);
    const hit = plan !== undefined;
    if (!plan) {
      const context = buildOperationContext({ schema: this.schema, operationDocument: document, ...(operationName ? { operationName } : {}) });
      const operation = operationFromDocument(this.#apiSchema, document, operationName ? { operationName } : {});
      const queryPlan = planning.runSync({}, () => this.#planner.buildQueryPlan(operation));
      plan = { kind: context.operation.operation, document, context, queryPlan, ...this.#livePart(queryPlan) };
      this.#plans.set(key, plan);
    }
    planLookups.tell({ hit, kept: this.#plans.size });
    return plan;
  }

  async execute(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult> {
    return this.#run(planned as Plan, (planned as Plan).queryPlan, this.#fetches, variables, scope);
  }

  sourceOf(planned: PlannedOperation, variables: Record<string, unknown>): EventSource {
    const { primary, document, identified } = liveOf(planned);
    const used = Object.entries(variables).filter(([name, value]) => value !== undefined && primary.variableUsages?.includes(name));
    return { subgraph: primary.serviceName, document, operationName: primary.operationName, variables: Object.fromEntries(used), identified };
  }

  async open({ subgraph, document, operationName, variables }: EventSource, scope: RequestScope): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await this.#fetches[subgraph]!.subscribe({ document, operationName, variables }, { ...scope, budget: new AnswerBudget(this.#responseBytes) });
    if (Symbol.asyncIterator in events) return events;
    return { errors: (events.errors ?? []).map((error) => callerError(ofSubgraph(error, subgraph), scope.requestId, this.#log)) };
  }

  async join(planned: PlannedOperation, event: ExecutionResult, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult> {
    const fetches = { ...this.#fetches, [EVENT]: { process: async ({ context }: { context: FetchScope }) => counted(event, context) } };
    return eventJoins.run({ requestId: scope.requestId }, () => this.#run(planned as Plan, liveOf(planned).join, fetches as unknown as Record<string, SubgraphFetch>, variables, { ...scope, live: true }).catch(refusedEvent));
  }

  #livePart({ node }: QueryPlan): Pick<Plan, 'live'> {
    if (node?.kind !== 'Subscription') return {};
    const { primary } = node;
    const asking = withEventId(primary.operation, this.schema);
    return { live: { primary, document: asking ?? primary.operation, identified: asking !== undefined, join: joinPlan(node) } };
  }

  async #run({ context, document }: Plan, queryPlan: QueryPlan, fetches: Record<string, SubgraphFetch>, variables: Record<string, unknown>, scope: Omit<FetchScope, 'budget'>): Promise<ExecutionResult> {
    const budget = new AnswerBudget(this.#responseBytes);
    return withinBudget(budget, scope.signal, async (signal) => {
      const request = { request: { query: '', variables }, context: { ...scope, signal, budget }, document, metrics: {}, logger: this.#log, schema: this.schema };
      const result = await executeQueryPlan(
        queryPlan,
        fetches,
        request as unknown as GatewayGraphQLRequestContext,
        context,
        this.#supergraphSchema,
        this.#apiSchema,
      );
      return this.#shown(result, scope);
    });
  }

  #shown({ data, errors, extensions }: ExecutionResult, { requestId }: RequestScope): ExecutionResult {
    if (errors) return { data: data ?? null, errors: errors.map((error) => callerError(error, requestId, this.#log)) };
    const incomplete = extensions?.valueCompletion as readonly GraphQLError[] | undefined;
    if (!incomplete) return { data: data ?? null };
    return { data: data ?? null, errors: incomplete.map((error) => missingEntity(error, requestId, this.#log)) };
  }
}

/** One event that is too large ends no subscription. */
function refusedEvent(failure: unknown): ExecutionResult {
  if (failure instanceof HutongError) return { data: null, errors: [graphError(failure)] };
  throw failure;
}

function counted(event: ExecutionResult, { budget }: FetchScope): ExecutionResult {
  budget.take(answerSize(event.data, budget.left));
  return event;
}

/**
 * Runs a plan, whose fetches end when `outer` is aborted or the budget is used up.
 *
 * @throws LIMIT_EXCEEDED when the budget is used up
 */
async function withinBudget<Result>(budget: AnswerBudget, outer: AbortSignal, run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const follow = (): void => stop.abort(outer.reason);
  if (outer.aborted) follow();
  outer.addEventListener('abort', follow, { once: true });
  budget.exceeded.catch((failure: unknown) => stop.abort(failure));
  try {
    return await Promise.race([run(stop.signal), budget.exceeded]);
  } finally {
    outer.removeEventListener('abort', follow);
  }
}
