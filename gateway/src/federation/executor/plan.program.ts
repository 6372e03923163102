import type { SubgraphRequest } from '@hutong/common';
import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { compileGather, pathKey, type DataPath } from './data.path.js';
import { entityFetch } from './entity.fetch.js';
import type { Data } from './fetched.data.js';
import { JoinedEntities } from './joined.entities.js';
import { rootFetch } from './root.fetch.js';
import type { RunRequests } from './run.requests.js';

/** One request to a subgraph. */
export interface PlannedFetch {
  document: string;
  operationName: string | undefined;
  /** Where that is known. */
  isQuery?: boolean | undefined;
  /** All that the document uses. */
  readonly variables: Record<string, unknown>;
  /** The same as JSON, where that is known already: who sends them on need not look at them. */
  variablesJson?: string | undefined;
  /** Those that the client gave. */
  given: Record<string, unknown>;
  /** How many entities it asks for; undefined for fields of the root. */
  entities?: number | undefined;
  /** As of a `SubgraphRequest`. */
  read?: SubgraphRequest['read'];
}

/** What a plan runs with. */
export interface PlanSurroundings {
  requests: RunRequests;
  /** The value of a Boolean variable. */
  condition(name: string): boolean;
  /** Takes an error of a subgraph, with its path in the whole answer. */
  refused(subgraph: string, error: GraphQLFormattedError): void;
  /** Takes what a step failed with of itself. */
  failed(error: unknown): void;
}

/** What a plan fetched. */
export interface FetchedData {
  data: Data;
  joins: JoinedEntities;
}

/** A plan, compiled. */
export interface PlanProgram {
  /** Names of those that it asks. */
  readonly subgraphs: readonly string[];
  /** Whether objects at a place of the data may have been joined: they are to be looked up. */
  joinedAt(path: DataPath): boolean;
  run(surroundings: PlanSurroundings): Promise<FetchedData>;
}

/** A plan while it runs. */
export interface Run extends PlanSurroundings, FetchedData {}

/** Goes on with objects of what was fetched so far. */
export type Step = (targets: readonly Data[], run: Run) => Promise<void>;

/** @param schema of the whole supergraph */
export function compilePlan({ node }: QueryPlan, schema: GraphQLSchema): PlanProgram {
  if (!node) return { subgraphs: [], joinedAt: () => false, run: async () => begun() };
  if (node.kind === 'Subscription') throw new Error('a subscription is run event by event');
  const joined = new Set<string>();
  collectJoined(node, [], joined);
  const joinedAt = (path: DataPath): boolean => joined.has(pathKey(path));
  const compiler = new PlanCompiler(schema, joinedAt);
  const step = compiler.step(node, []);
  return {
    subgraphs: [...compiler.subgraphs],
    joinedAt,
    async run(surroundings) {
      const fetched = begun();
      await step([fetched.data], { ...surroundings, ...fetched });
      return fetched;
    },
  };
}

function begun(): FetchedData {
  const joins = new JoinedEntities();
  return { data: joins.begin(), joins };
}

/** The places where fetches join what they are answered. */
function collectJoined(node: PlanNode, path: DataPath, joined: Set<string>): void {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      for (const inner of node.nodes) collectJoined(inner, path, joined);
      break;
    case 'Flatten':
      collectJoined(node.node, [...path, ...(node.path as DataPath)], joined);
      break;
    case 'Condition':
      for (const clause of [node.ifClause, node.elseClause]) if (clause) collectJoined(clause, path, joined);
      break;
    default:
      joined.add(pathKey(path));
  }
}

class PlanCompiler {
  readonly subgraphs = new Set<string>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly joinedAt: (path: DataPath) => boolean,
  ) {}

  /** @param path where its targets stand */
  step(node: PlanNode, path: DataPath): Step {
    switch (node.kind) {
      case 'Sequence':
        return inTurn(node.nodes.map((one) => this.step(one, path)));
      case 'Parallel':
        return atOnce(node.nodes.map((one) => this.step(one, path)));
      case 'Flatten':
        return this.#below(path, node.path as DataPath, node.node);
      case 'Condition': {
        const [met, unmet] = [node.ifClause, node.elseClause].map((clause) => clause && this.step(clause, path));
        return async (targets, run) => (run.condition(node.condition) ? met : unmet)?.(targets, run);
      }
      case 'Fetch':
        return this.#fetch(node, path);
      default:
        throw new Error(`a plan with ${node.kind} cannot be run`);
    }
  }

  #fetch(node: FetchNode, path: DataPath): Step {
    this.subgraphs.add(node.serviceName);
    const step = node.requires ? entityFetch(node, path, this.schema) : rootFetch(node, path, this.schema);
    return (targets, run) => step(targets, run).catch((error: unknown) => run.failed(error));
  }

  #below(base: DataPath, path: DataPath, node: PlanNode): Step {
    const whole = [...base, ...path];
    const gather = compileGather(path, (inner) => this.joinedAt([...base, ...inner]));
    const step = this.step(node, whole);
    return async (targets, run) => {
      const found = targets.flatMap((target) => gather(target, run.joins));
      if (found.length > 0) await step(found, run);
    };
  }
}

const inTurn =
  (steps: readonly Step[]): Step =>
  async (targets, run) => {
    for (const step of steps) await step(targets, run);
  };

const atOnce =
  (steps: readonly Step[]): Step =>
  async (targets, run) => {
    await Promise.all(steps.map((step) => step(targets, run)));
  };
