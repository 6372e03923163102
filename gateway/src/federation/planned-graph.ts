import { Supergraph } from '@apollo/federation-internals';
import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';
import { AnswerBudget, answerSize, callerKey, Cancellation, HutongError, type Cancellable, type Log, type SharedQueries, type SubgraphConnection } from '@hutong/common';
import { assertValidSchema, getOperationAST, print, type DocumentNode, type ExecutionResult, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { ApolloExecutor } from './executor/apollo.executor.js';
import { CompiledExecutor } from './executor/compiled.executor.js';
import type { Fetch, PlanExecutor, PlanExecutorName, PlanOutcome, PreparedPlan } from './executor/plan.executor.js';
import { documentBytes } from '../limits/document-bytes.js';
import { eventJoins, planLookups, planning } from '../telemetry/activities.js';
import { ClientAliases } from './client-aliases.js';
import { ClientVariables } from './client-variables.js';
import { withEventId } from './event-id.js';
import { plannerPool } from './planning/planner.pool.js';
import type { PlannedSupergraph } from './planning/planner.thread.js';
import { DataText, type EventSource, type FederatedGraph, type GraphOperation, type KnownOperation, type PlannedOperation, type RequestScope } from './federated-graph.js';
import { callerError, graphError, missingEntity, ofSubgraph } from './subgraph.errors.js';
import { FetchedShapes } from './fetched-shape.js';
import { SubgraphFetch, type FetchScope } from './subgraph-fetch.js';

export interface PlannedGraphOptions {
  supergraphSdl: string;
  connections: ReadonlyMap<string, SubgraphConnection>;
  /** How long one fetch from a subgraph may take. */
  subgraphTimeoutMs: number;
  /** How long the plan of a client's operation may take to make, in milliseconds; by default any time. */
  planningMs?: number;
  /** Bytes of the largest answer; what would be larger is given up while it is fetched. */
  responseBytes: number;
  executor: PlanExecutorName;
  /** Of equal queries of one caller that are written at once, one is run; the same for all graphs of an endpoint. Undefined: each is. */
  queries?: GraphQueries | undefined;
  /** Called when a mutation has ended, before anybody hears of that; tells the queries, too. */
  changed?: () => void;
  log: Log;
}

/** The queries whose answers are being written; told of everything that may change what they see. */
export type GraphQueries = SharedQueries<ExecutionResult | DataText>;

interface Plan extends PlannedOperation {
  /** Of no other plan in this process. */
  number: number;
  /** As it was given. */
  document: DocumentNode;
  operation: OperationDefinitionNode;
  aliases: ClientAliases;
  variables: ClientVariables;
  /** Of a query or mutation. */
  prepared?: PreparedPlan;
  /** Of a subscription. */
  live?: { primary: FetchNode; document: string; identified: boolean; join: PreparedPlan };
}

type Runnable = Required<Pick<Plan, 'prepared' | 'aliases' | 'variables'>>;

/** The name under which an event stands among the subgraphs while it is joined; none of them can have it. */
const EVENT = '(the event)';

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

/** Who asks for what the platform itself needs; no caller is called so. */
const OWN = '';

/** Of plans with their documents, those used last. */
const REMEMBERED_BYTES = 32_000_000;

let plans = 0;

/** The text itself where that is enough: what is looked up twice is hashed once then. No text that was planned has a NUL. */
const planKey = (text: string, operationName: string | undefined): string => (operationName === undefined ? text : `${operationName}\0${text}`);

/** What the plan of an operation of this text was seen to take in memory. */
const planBytes = (text: string): number => documentBytes(text) + 2_000 + 50 * text.length;

/** The federated graph on Apollo's query planner. */
export class PlannedGraph implements FederatedGraph {
  readonly schema: GraphQLSchema;
  readonly supergraphSdl: string;
  readonly subgraphs: readonly string[];
  readonly #supergraphSchema: GraphQLSchema;
  readonly #executor: PlanExecutor;
  readonly #supergraph: PlannedSupergraph;
  readonly #underWay = new Map<string, Promise<Plan>>();
  readonly #plans: LRUCache<string, Plan>;
  readonly #subgraphs: ReadonlyMap<string, SubgraphFetch>;
  readonly #fetches: Readonly<Record<string, Fetch>>;
  readonly #planningMs: number;
  readonly #responseBytes: number;
  readonly #queries: GraphQueries | undefined;
  readonly #changed: () => void;
  readonly #log: Log;

  /** @throws Error when the text is no supergraph, or names a subgraph that there is no connection to */
  constructor({ supergraphSdl, connections, subgraphTimeoutMs, planningMs = Infinity, responseBytes, executor, queries, changed = () => undefined, log }: PlannedGraphOptions) {
    const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
    this.supergraphSdl = supergraphSdl;
    const apiSchema = supergraph.apiSchema();
    this.schema = apiSchema.toGraphQLJSSchema();
    assertValidSchema(this.schema);
    this.#supergraphSchema = supergraph.schema.toGraphQLJSSchema();
    const schemas = { schema: this.schema, supergraphSchema: this.#supergraphSchema };
    this.#executor = executor === 'compiled' ? new CompiledExecutor({ ...schemas, isRemote: (subgraph) => connections.get(subgraph)?.isRemote === true }) : new ApolloExecutor({ ...schemas, apiSchema, log });
    this.#supergraph = plannerPool.supergraph(supergraphSdl);
    this.#plans = new LRUCache({ maxSize: REMEMBERED_BYTES, sizeCalculation: (_plan, key) => planBytes(key) });
    this.subgraphs = supergraph.subgraphsMetadata().map(({ name }) => name);
    const unknown = this.subgraphs.find((name) => !connections.has(name));
    if (unknown !== undefined) throw new Error(`The supergraph names the subgraph ${unknown}, to which there is no connection`);
    const shapes = new FetchedShapes(schemas.supergraphSchema);
    this.#subgraphs = new Map(this.subgraphs.map((subgraph) => [subgraph, new SubgraphFetch({ subgraph, connections, timeoutMs: subgraphTimeoutMs, shapes, log })]));
    this.#fetches = Object.fromEntries([...this.#subgraphs].map(([name, subgraph]) => [name, (request, scope) => subgraph.fetch(request, scope)]));
    this.#planningMs = planningMs;
    this.#responseBytes = responseBytes;
    this.#queries = queries;
    this.#changed = changed;
    this.#log = log;
  }

  async plan(operation: GraphOperation): Promise<Plan> {
    const key = planKey(operation.text, operation.operationName);
    const known = this.#plans.get(key);
    const plan = known ?? (await this.#planOnce(key, operation));
    planLookups.tell({ hit: known !== undefined, kept: this.#plans.size });
    return plan;
  }

  /** What is asked for again while it is planned for a client is not planned again. */
  #planOnce(key: string, operation: GraphOperation): Promise<Plan> {
    const isOwn = operation.asker === undefined;
    const underWay = isOwn ? undefined : this.#underWay.get(key);
    if (underWay) return underWay;
    const planned = this.#planned(operation)
      .then((plan) => {
        this.#plans.set(key, plan);
        return plan;
      })
      .finally(() => this.#underWay.delete(key));
    if (!isOwn) this.#underWay.set(key, planned);
    return planned;
  }

  async #planned({ document, operationName, asker }: GraphOperation): Promise<Plan> {
    const variables = new ClientVariables(document);
    const aliases = new ClientAliases(variables.document, operationName, this.#supergraphSchema);
    const asked = { graph: this.#supergraph, text: print(aliases.document), operationName, milliseconds: asker === undefined ? Infinity : this.#planningMs };
    const queryPlan = await planning.run({}, () => plannerPool.plan(asker ?? OWN, asked));
    const operation = getOperationAST(document, operationName)!;
    return { number: ++plans, kind: operation.operation, document, operation, aliases, variables, ...this.#prepared({ document: aliases.document, operationName }, queryPlan) };
  }

  known(text: string, operationName: string | undefined): KnownOperation | undefined {
    const plan = this.#plans.get(planKey(text, operationName));
    return plan && { planned: plan, document: plan.document, operation: plan.operation };
  }

  async execute(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult> {
    const { prepared, ...client } = planned as Plan;
    if (!prepared) throw new Error('A subscription is run event by event');
    const outcome = this.#run({ prepared, ...client }, this.#fetches, variables, scope);
    return client.kind === 'mutation' ? outcome.finally(this.#changed) : outcome;
  }

  async write(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult | DataText> {
    const written = await this.#shared(planned, variables, scope);
    // All who share an answer hold it before the first of them can have sent it.
    return written instanceof DataText ? written.held() : written;
  }

  #shared(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult | DataText> {
    const { kind, number } = planned as Plan;
    const outer = Cancellation.of(scope.signal);
    if (kind === 'mutation') return this.#write(planned, variables, scope, outer).finally(this.#changed);
    if (!this.#queries) return this.#write(planned, variables, scope, outer);
    return this.#queries.run([JSON.stringify(variables), callerKey(scope.caller), number, scope.origin], outer, (cancellation) => this.#write(planned, variables, scope, cancellation));
  }

  async #write(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope, outer: Cancellation): Promise<ExecutionResult | DataText> {
    const { prepared, aliases, variables: client } = planned as Plan;
    // Renamed keys are put back in objects.
    if (!prepared?.write || aliases.renames) return this.execute(planned, variables, { ...scope, signal: outer.signal });
    const { requestId } = scope;
    const budget = new AnswerBudget(this.#responseBytes);
    return withinBudget(budget, outer, async (cancellation) => {
      const outcome = await prepared.write!(this.#fetches, client.named(variables), { ...scope, cancellation, budget }, this.#responseBytes);
      return outcome instanceof DataText ? outcome : this.#shown(outcome, { requestId });
    });
  }

  sourceOf(planned: PlannedOperation, variables: Record<string, unknown>): EventSource {
    const { primary, document, identified } = liveOf(planned);
    const used = Object.entries((planned as Plan).variables.named(variables)).filter(([name, value]) => value !== undefined && primary.variableUsages?.includes(name));
    return { subgraph: primary.serviceName, document, operationName: primary.operationName, variables: Object.fromEntries(used), identified };
  }

  async open({ subgraph, document, operationName, variables }: EventSource, scope: RequestScope): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const events = await this.#subgraphs.get(subgraph)!.subscribe({ document, operationName, variables }, { ...scope, cancellation: Cancellation.of(scope.signal), budget: new AnswerBudget(this.#responseBytes) });
    if (Symbol.asyncIterator in events) return events;
    return { errors: (events.errors ?? []).map((error) => callerError(ofSubgraph(error, subgraph), scope.requestId, this.#log)) };
  }

  async join(planned: PlannedOperation, event: ExecutionResult, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult> {
    const fetches = { ...this.#fetches, [EVENT]: async (_: unknown, fetching: FetchScope) => counted(event, fetching) };
    return eventJoins.run({ requestId: scope.requestId }, () => this.#run({ ...(planned as Plan), prepared: liveOf(planned).join }, fetches, variables, { ...scope, live: true }).catch(refusedEvent)).finally(() => this.#queries?.changed());
  }

  #prepared(operation: Omit<GraphOperation, 'text'>, queryPlan: QueryPlan): Pick<Plan, 'prepared' | 'live'> {
    const { node } = queryPlan;
    if (node?.kind !== 'Subscription') return { prepared: this.#executor.prepare(operation, queryPlan) };
    const { primary } = node;
    const asking = withEventId(primary.operation, this.schema);
    return { live: { primary, document: asking ?? primary.operation, identified: asking !== undefined, join: this.#executor.prepare(operation, joinPlan(node)) } };
  }

  async #run({ prepared, aliases, variables: client }: Runnable, fetches: Readonly<Record<string, Fetch>>, variables: Record<string, unknown>, scope: RequestScope & Pick<FetchScope, 'live'>): Promise<ExecutionResult> {
    const budget = new AnswerBudget(this.#responseBytes);
    return withinBudget(budget, Cancellation.of(scope.signal), async (cancellation) => this.#shown(aliases.restored(await prepared.run(fetches, client.named(variables), { ...scope, cancellation, budget })), scope));
  }

  #shown({ data, errors, incomplete }: PlanOutcome, { requestId }: Pick<RequestScope, 'requestId'>): ExecutionResult {
    const shown = errors.length > 0 ? errors.map((error) => callerError(error, requestId, this.#log)) : incomplete.map((error) => missingEntity(error, requestId, this.#log));
    return shown.length > 0 ? { data, errors: shown } : { data };
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
 * Runs a plan, whose fetches end when `outer` is cancelled or the budget is used up.
 *
 * @throws LIMIT_EXCEEDED when the budget is used up
 */
async function withinBudget<Result>(budget: AnswerBudget, outer: Cancellation, run: (cancellation: Cancellation) => Promise<Result>): Promise<Result> {
  const stop = new Cancellation();
  const follow: Cancellable = { cancelled: (reason) => stop.cancel(reason) };
  if (outer.isCancelled) stop.cancel(outer.reason);
  outer.add(follow);
  budget.exceeded.catch((failure: unknown) => stop.cancel(failure));
  try {
    return await Promise.race([run(stop), budget.exceeded]);
  } finally {
    outer.remove(follow);
  }
}
