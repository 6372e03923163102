import { Kind, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import { operationCost, PAGE_SIZES, type CostQuestion, type OperationCost } from './operation-cost.js';

/** Page sizes, and the condition of `@skip` and `@include`. */
const DECIDING_ARGUMENTS = [...PAGE_SIZES, 'if'];

interface RememberedCosts {
  /** Variables in those arguments: no other changes what an operation costs. */
  deciding: readonly string[];
  /** By operation name and the values of these variables. */
  costs: Map<string, OperationCost>;
}

const remembered = new WeakMap<GraphQLSchema, WeakMap<DocumentNode, RememberedCosts>>();

/** Costs kept of one document, whose page sizes may be any number. */
const COSTS_OF_DOCUMENT = 100;

/** The {@link operationCost} of a valid operation, counted once for all variables with which it costs the same. */
export function rememberedCost(question: CostQuestion): OperationCost {
  const { schema, document, operationName, variables } = question;
  const { deciding, costs } = costsOf(schema, document);
  const key = JSON.stringify([operationName, Object.fromEntries(deciding.map((name) => [name, variables[name]]))]);
  let cost = costs.get(key);
  if (cost === undefined) {
    if (costs.size >= COSTS_OF_DOCUMENT) costs.clear();
    costs.set(key, (cost = operationCost(question)));
  }
  return cost;
}

function costsOf(schema: GraphQLSchema, document: DocumentNode): RememberedCosts {
  let ofSchema = remembered.get(schema);
  if (!ofSchema) remembered.set(schema, (ofSchema = new WeakMap()));
  let ofDocument = ofSchema.get(document);
  if (!ofDocument) ofSchema.set(document, (ofDocument = { deciding: decidingVariables(document), costs: new Map() }));
  return ofDocument;
}

function decidingVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    [Kind.ARGUMENT]: ({ name, value }) => {
      if (value.kind === Kind.VARIABLE && DECIDING_ARGUMENTS.includes(name.value)) names.add(value.name.value);
    },
  });
  return [...names];
}
