import { buildASTSchema, execute, Kind, OperationTypeNode, parse, printSchema, visit, type DocumentNode, type ExecutionResult, type GraphQLSchema, type TypeNode } from 'graphql';
import type { Executor } from '../graph.js';
import type { RandomQuery } from './query.arbitrary.js';
import type { Thing, WorldData } from './world.data.js';
import type { WorldModel } from './world.model.js';

type Path = readonly (string | number)[];

/** What graphql-js answers on the merged schema, and what would fail if no failure hid another. */
export interface MergedAnswer {
  answer: ExecutionResult;
  /** On the same schema with null allowed everywhere. */
  unhidden: ExecutionResult;
  /** Fields of a mutation behind one that left no data: graphql-js does not run them, a graph may. */
  givenUp: ReadonlySet<string | number>;
}

/** A random world as one schema, run by graphql-js. */
export class MergedWorld {
  readonly #unhidden: GraphQLSchema;

  constructor(
    private readonly model: WorldModel,
    private readonly data: WorldData,
    private readonly schema: GraphQLSchema,
  ) {
    this.#unhidden = buildASTSchema(visit(parse(printSchema(schema)), { FieldDefinition: (field) => ({ ...field, type: optional(field.type) }) }));
  }

  answer(document: DocumentNode, query: RandomQuery): MergedAnswer {
    const answer = this.#run(this.schema, document, query);
    const unhidden = this.#run(this.#unhidden, document, query);
    return { answer, unhidden, givenUp: new Set(isMutation(document) && !answer.data ? fieldsBehind(answer, unhidden) : []) };
  }

  /** How the graph's answer differs; undefined where it does not. */
  difference(got: ExecutionResult, { answer, unhidden, givenUp }: MergedAnswer, executor: Executor): string | undefined {
    const isStock = executor === 'apollo';
    const known = isStock ? inAnyOrder : (data: unknown) => data;
    if (JSON.stringify(known(got.data)) !== JSON.stringify(known(answer.data))) return `answered ${JSON.stringify(got)}\ninstead of ${JSON.stringify(answer)}`;
    const told = (got.errors ?? []).map(({ path = [] }) => path);
    const placed = isStock ? withoutIndices : (path: Path) => path;
    const untold = (answer.errors ?? []).find(({ path = [] }) => !told.some((one) => startsWith(placed(one), placed(nulledBy(answer.data, path)))));
    if (untold) return `did not tell of ${JSON.stringify(untold)}: ${JSON.stringify(got)}`;
    const untrue = told.find((path) => !givenUp.has(path[0]!) && !this.#mayFail(path, unhidden, placed));
    return untrue && `told of a failure at ${JSON.stringify(untrue)}: ${JSON.stringify(got)}\ninstead of ${JSON.stringify(answer)}`;
  }

  /** A field fails, or is null where its type allows none; one that the client did not ask for, others may be made of. */
  #mayFail(path: Path, { data, errors = [] }: ExecutionResult, placed: (path: Path) => Path): boolean {
    if (errors.some((error) => JSON.stringify(placed(error.path ?? [])) === JSON.stringify(placed(path)))) return true;
    let value: unknown = data;
    for (const step of path) {
      if (value === null) return true;
      if (value === undefined) return false;
      if (typeof step === 'string' && !Object.hasOwn(value, step)) return true;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value === null;
  }

  #run(schema: GraphQLSchema, document: DocumentNode, { variables, operationName }: RandomQuery): ExecutionResult {
    const { model, data } = this;
    let mutations = 0;
    return execute({
      schema,
      document,
      variableValues: variables,
      operationName,
      fieldResolver: (from: Thing | undefined, asked, _context, { parentType, fieldName }) => {
        if (parentType.name === 'Query') return data.valueOf({ type: 'Query', index: 0 }, model.queries.find(({ name }) => name === fieldName)!, asked);
        if (parentType.name === 'Mutation') return data.valueOf({ type: 'Mutation', index: (mutations += 1) }, model.mutations.find(({ name }) => name === fieldName)!, asked);
        return data.valueOf(from!, data.fieldOf(from!.type, fieldName), asked);
      },
      typeResolver: (thing: Thing) => thing.type,
    }) as ExecutionResult;
  }
}

const isMutation = ({ definitions }: DocumentNode): boolean => definitions.some((one) => one.kind === Kind.OPERATION_DEFINITION && one.operation === OperationTypeNode.MUTATION);

/** Root fields after the last that failed. */
function fieldsBehind({ errors = [] }: ExecutionResult, { data }: ExecutionResult): string[] {
  const fields = Object.keys(data ?? {});
  return fields.slice(Math.max(...errors.map(({ path = [] }) => fields.indexOf(String(path[0])))) + 1);
}

function optional(type: TypeNode): TypeNode {
  if (type.kind === Kind.NON_NULL_TYPE) return optional(type.type);
  return type.kind === Kind.LIST_TYPE ? { ...type, type: optional(type.type) } : type;
}

/** The executor of @apollo/gateway puts introspection last, and what several fragments on one type select together: the order of keys is its own. */
function inAnyOrder(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(inAnyOrder);
  return typeof data === 'object' && data !== null ? Object.entries(data).map(([key, value]) => [key, inAnyOrder(value)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)) : data;
}

/** It tells of what fails for an entity at the first place of that. */
const withoutIndices = (path: Path): Path => path.filter((step) => typeof step === 'string');

const startsWith = (path: Path, with_: Path): boolean => with_.every((step, at) => path[at] === step);

/** The place that is null because of a failure there or below. */
function nulledBy(data: unknown, path: Path): Path {
  let value = data;
  for (const [at, step] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, at);
    value = (value as Record<string | number, unknown>)[step];
  }
  return path;
}
