import { getNullableType, GraphQLError, isLeafType, isListType, isObjectType, type DocumentNode, type GraphQLSchema } from 'graphql';
// The package's ESM build brings graphql's ESM build along, a second copy that knows none of our types.
import { getComplexity, type ComplexityEstimator } from 'graphql-query-complexity/cjs';

/** Rows counted for a list that may be paged when no page size is asked for, and for a list of objects without pages. */
const ROWS_OF_A_PAGE = 20;
const ROWS_OF_A_LIST = 10;

/** Arguments that say how many rows are wanted. */
export const PAGE_SIZES = ['first', 'last', 'limit'];

export interface CostQuestion {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | undefined;
  variables: Record<string, unknown>;
  /** Counting ends when an operation has more fields than this, whatever they cost. */
  atMost: number;
}

/** The cost of a valid operation with valid variables: a field costs 1, a field of a list as often as the list may have rows. */
export function operationCost({ schema, document, operationName, variables, atMost }: CostQuestion): number {
  let counted = 0;
  const counting: ComplexityEstimator = (question) => {
    if (++counted > atMost) throw new TooManyFields();
    return costOfField(question);
  };
  try {
    return getComplexity({
      schema,
      query: document,
      variables,
      ...(operationName === undefined ? {} : { operationName }),
      estimators: [counting],
      maxQueryNodes: atMost * 2,
    });
  } catch (error) {
    if (error instanceof TooManyFields || (error instanceof GraphQLError && error.message === TOO_MANY_NODES)) return Infinity;
    throw error;
  }
}

/** The operation unfolds to more fields than it may cost. */
class TooManyFields extends Error {}

/** What the library says when it gives up an operation for the same reason. */
const TOO_MANY_NODES = 'Query exceeds the maximum allowed number of nodes.';

const costOfField: ComplexityEstimator = ({ field, args, childComplexity, type }) => {
  if (field.name.startsWith('__')) return 0;
  const asked = PAGE_SIZES.map((name) => args[name] as unknown).find((size) => typeof size === 'number');
  if (typeof asked === 'number') return 1 + Math.max(asked, 0) * childComplexity;
  if (field.args.some(({ name }) => PAGE_SIZES.includes(name))) return 1 + ROWS_OF_A_PAGE * childComplexity;
  const shape = getNullableType(field.type);
  if (!isListType(shape) || isLeafType(getNullableType(shape.ofType))) return 1 + childComplexity;
  // The rows of a connection are counted by the field that asked for the page.
  const isPage = isObjectType(type) && 'pageInfo' in type.getFields();
  return 1 + (isPage ? 1 : ROWS_OF_A_LIST) * childComplexity;
};
