import { type GraphQLError, Kind, OperationTypeNode, type DocumentNode, type ExecutionResult, type FragmentDefinitionNode, type GraphQLSchema } from 'graphql';
import type { AnswerBudget } from '../answer-budget.js';
import { CompiledObject } from './compiled-object.js';
import { FieldErrors } from './field-errors.js';
import { isPromise, type Compiling, type ExecuteObject, type QueryRun } from './query-run.js';
import { compileVariables, type CoerceVariables } from './query-variables.js';
import { isFixed, type Fragments } from './selected-nodes.js';

/** What a query is executed with. */
export interface QueryInput {
  rootValue?: unknown;
  variables: Record<string, unknown> | undefined;
  context: { budget?: AnswerBudget | undefined };
}

/**
 * A query whose fields, types and ways to complete them were looked up once, for every execution. It answers what `execute` of graphql-js
 * does, in a good half of the time; what is counted of an answer (`countAnswers`) is counted here without a resolver around each resolver.
 */
export class CompiledQuery {
  readonly #coerce: CoerceVariables;
  readonly #executeRoot: ExecuteObject;

  private constructor(coerce: CoerceVariables, executeRoot: ExecuteObject) {
    this.#coerce = coerce;
    this.#executeRoot = executeRoot;
  }

  /** Undefined for what is left to graphql-js: mutations, subscriptions, several operations, and what variables leave out. */
  static of(schema: GraphQLSchema, document: DocumentNode): CompiledQuery | undefined {
    const [operation, ...others] = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    const type = schema.getQueryType();
    if (!operation || others.length > 0 || operation.operation !== OperationTypeNode.QUERY || !type || !isFixed(document)) return undefined;
    const compiling: Compiling = {
      schema,
      fragments: fragmentsOf(document),
      operation,
      objectOf: (of, sets) => {
        const compiled = new CompiledObject(compiling, of, sets);
        return (run, source, place) => compiled.execute(run, source, place);
      },
    };
    return new CompiledQuery(compileVariables(schema, operation), compiling.objectOf(type, [operation.selectionSet]));
  }

  execute({ rootValue, variables, context }: QueryInput): ExecutionResult | Promise<ExecutionResult> {
    const values = this.#coerce(variables ?? {});
    if (values.errors) return { errors: values.errors };
    const run: QueryRun = { rootValue, variables: values.coerced, context, budget: context.budget, errors: new FieldErrors() };
    try {
      const data = this.#executeRoot(run, rootValue, undefined);
      return isPromise(data) ? data.then((later) => answer(run, later), (error: unknown) => withoutData(run, error)) : answer(run, data);
    } catch (error) {
      return withoutData(run, error);
    }
  }
}

function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const definition of definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  return fragments;
}

const answer = ({ errors: { list } }: QueryRun, data: unknown): ExecutionResult => (list.length === 0 ? { data } : { errors: list, data }) as ExecutionResult;

function withoutData(run: QueryRun, fault: unknown): ExecutionResult {
  run.errors.add(fault as GraphQLError, undefined);
  return answer(run, null);
}
