import { locatedError, responsePathAsArray, type FieldNode, type GraphQLObjectType, type GraphQLResolveInfo, type OperationDefinitionNode, type ResponsePath, type SelectionSetNode } from 'graphql';
import type { AnswerBudget } from '../answer-budget.js';
import type { FieldErrors } from './field-errors.js';
import type { Selecting } from './selected-nodes.js';

/** One execution of a compiled query. */
export interface QueryRun {
  rootValue: unknown;
  variables: Readonly<Record<string, unknown>>;
  context: unknown;
  budget: AnswerBudget | undefined;
  errors: FieldErrors;
}

/** Makes what a field has answered what stands in the answer (GraphQL, 6.4.3). @throws Error when it is not of its type */
export type Complete = (run: QueryRun, value: unknown, place: ResponsePath, info: GraphQLResolveInfo) => unknown;

/** The same of a leaf. */
export type CompleteLeaf = (value: unknown) => unknown;

/** Answers the selected fields of an object. @throws GraphQLError of a field that has to have a value and has none */
export type ExecuteObject = (run: QueryRun, source: unknown, place: ResponsePath | undefined) => unknown;

/** What fields are compiled with. */
export interface Compiling extends Selecting {
  operation: OperationDefinitionNode;
  /** What is selected of objects of a type. */
  objectOf(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): ExecuteObject;
}

/** Null in the place of a value; what has to have one hands its fault on. @throws GraphQLError */
export function nullFor(run: QueryRun, nodes: readonly FieldNode[], place: ResponsePath, isRequired: boolean, fault: unknown): null {
  const error = locatedError(fault, nodes, responsePathAsArray(place));
  if (isRequired) throw error;
  run.errors.add(error, place);
  return null;
}

/** Whatever can be waited for. */
export const isPromise = (value: unknown): value is Promise<unknown> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && 'then' in value && typeof value.then === 'function';
