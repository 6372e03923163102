import { defaultFieldResolver, getNamedType, isIntrospectionType, isLeafType, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { AnswerBudget } from './answer-budget.js';
import { answerSize } from './answer-size.js';

interface Budgeted {
  budget?: AnswerBudget | undefined;
}

type Resolver = GraphQLFieldResolver<unknown, Budgeted>;

/** Quotes, colon and comma of a field. */
export const PUNCTUATION = 4;

const counted = new WeakSet<GraphQLSchema>();
const originals = new WeakMap<object, Resolver | undefined>();

/** The resolver that a field had before its answers were counted, for those who count by themselves; undefined when it had none. */
export const uncounted = (resolve: GraphQLFieldResolver<unknown, unknown>): GraphQLFieldResolver<unknown, unknown> | undefined =>
  originals.has(resolve) ? (originals.get(resolve) as GraphQLFieldResolver<unknown, unknown> | undefined) : resolve;

/** Makes every field of a schema take what it answers from the budget in its context; none is called when that is used up. */
export function countAnswers(schema: GraphQLSchema): void {
  if (counted.has(schema)) return;
  counted.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const count = isLeafType(getNamedType(field.type)) ? countedLeaf : countedComposite;
      const resolve = field.resolve as Resolver | undefined;
      field.resolve = count(resolve ?? defaultFieldResolver);
      originals.set(field.resolve, resolve);
    }
  }
}

const countedComposite =
  (resolve: Resolver): Resolver =>
  (source, args, context, info) => {
    const { budget } = context;
    if (budget !== undefined && !budget.take((info.path.key as string).length + PUNCTUATION)) return budget.never;
    return resolve(source, args, context, info);
  };

const countedLeaf =
  (resolve: Resolver): Resolver =>
  (source, args, context, info) => {
    const { budget } = context;
    if (budget === undefined) return resolve(source, args, context, info);
    if (budget.left < 0) return budget.never;
    const value: unknown = resolve(source, args, context, info);
    const name = (info.path.key as string).length + PUNCTUATION;
    return value instanceof Promise ? value.then((later: unknown) => taken(later, name, budget)) : taken(value, name, budget);
  };

/** A leaf's value, taken from the budget with its name; when that is used up, what never comes. */
export const taken = (value: unknown, name: number, budget: AnswerBudget): unknown => (budget.take(name + answerSize(value, budget.left)) ? value : budget.never);
