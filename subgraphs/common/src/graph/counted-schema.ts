import { defaultFieldResolver, getNamedType, isIntrospectionType, isLeafType, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { AnswerBudget } from './answer-budget.js';
import { answerSize } from './answer-size.js';

interface Budgeted {
  budget?: AnswerBudget | undefined;
}

type Resolver = GraphQLFieldResolver<unknown, Budgeted>;

/** Quotes, colon and comma of a field. */
const PUNCTUATION = 4;

const counted = new WeakSet<GraphQLSchema>();

/** Makes every field of a schema take what it answers from the budget in its context; none is called when that is used up. */
export function countAnswers(schema: GraphQLSchema): void {
  if (counted.has(schema)) return;
  counted.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const count = isLeafType(getNamedType(field.type)) ? countedLeaf : countedComposite;
      field.resolve = count((field.resolve as Resolver | undefined) ?? defaultFieldResolver);
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

const taken = (value: unknown, name: number, budget: AnswerBudget): unknown => (budget.take(name + answerSize(value, budget.left)) ? value : budget.never);
