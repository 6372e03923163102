import { getIntrospectionQuery, getNullableType, isIntrospectionType, isLeafType, isListType, isObjectType, parse, type DocumentNode, type GraphQLSchema } from 'graphql';
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
}

export interface OperationCost {
  /** A field costs 1, a field of a list as often as the list may have rows. */
  cost: number;
  /** The same of what is asked of the schema itself. */
  introspection: number;
}

/** What a valid operation with valid variables costs; it must unfold to a number of fields that can be walked through. */
export function operationCost({ schema, document, operationName, variables }: CostQuestion): OperationCost {
  let introspection = 0;
  const typesOfSchema = Object.keys(schema.getTypeMap()).length;
  const estimator: ComplexityEstimator = (question) => {
    const { type, field, childComplexity } = question;
    if (field.name === '__schema' || field.name === '__type') {
      introspection += childComplexity;
      return 0;
    }
    if (isIntrospectionType(type) && field.name === 'types') return 1 + typesOfSchema * childComplexity;
    return costOfField(question);
  };
  const cost = getComplexity({ schema, query: document, variables, ...(operationName === undefined ? {} : { operationName }), estimators: [estimator], maxQueryNodes: Infinity });
  return { cost, introspection };
}

const ofWholeSchema = new WeakMap<GraphQLSchema, number>();

/** The `introspection` of the query by which tools ask for everything that the schema tells of itself. */
export function costOfWholeSchema(schema: GraphQLSchema): number {
  let cost = ofWholeSchema.get(schema);
  if (cost === undefined) {
    const document = parse(getIntrospectionQuery({ specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true }));
    ofWholeSchema.set(schema, (cost = operationCost({ schema, document, operationName: undefined, variables: {} }).introspection));
  }
  return cost;
}

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
