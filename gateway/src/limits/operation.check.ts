import { badInput, findUnstorableText, limitExceeded } from '@hutong/common';
import { isNonNullType, TypeInfo, ValidationContext, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Limits } from './limits.js';
import { costOfWholeSchema } from './operation-cost.js';
import { fieldComparisons } from './field-comparisons.js';
import { operationSizes } from './operation-size.js';
import { rememberedCost } from './remembered-cost.js';
import { findUnstorableLiteral } from './unstorable-literal.js';

export interface CheckedOperation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Record<string, unknown>;
}

/** What an operation may ask of the schema, in terms of the query that asks for all of it. */
const INTROSPECTIONS = 2;

const COSTS = 'fields, those of a list times its page size';

/** @throws LIMIT_EXCEEDED when the document is longer than the limit; looked at before it is parsed */
export function checkLength(text: string, { characters }: Limits): void {
  if (text.length > characters) throw limitExceeded({ limit: 'document length', allowed: `${characters} characters`, got: String(text.length) });
}

/**
 * Looks at a document before it is validated; its fragments must not spread themselves.
 *
 * @throws LIMIT_EXCEEDED when one of its operations has more of something than a limit allows, in the order of what is cheap to count
 */
export function checkSize(document: DocumentNode, limits: Limits): void {
  for (const { depth, aliases, directives, rootFields, fields } of operationSizes(document)) {
    refuseOver('depth', depth, limits.depth, 'levels');
    refuseOver('root fields', rootFields, limits.rootFields, 'fields');
    refuseOver('aliases', aliases, limits.aliases, 'aliases');
    refuseOver('directives', directives, limits.directives, 'directives');
    // Fields that are skipped cost nothing to answer, but are planned.
    refuseOver('cost', fields, limits.cost, COSTS);
  }
  if (limits.fieldComparisons === Infinity) return;
  const comparisons = fieldComparisons(document, limits.fieldComparisons);
  if (comparisons > limits.fieldComparisons) throw limitExceeded({ limit: 'repeated fields', allowed: `${limits.fieldComparisons} comparisons of fields that have one name at one place` });
}

/** @throws LIMIT_EXCEEDED; the variables must be valid */
export function checkCost({ schema, document, operation, variables }: CheckedOperation, limits: Limits): void {
  if (limits.cost === Infinity) return;
  const { cost, introspection } = rememberedCost({ schema, document, operationName: operation.name?.value, variables });
  refuseOver('cost', cost, limits.cost, COSTS);
  if (introspection > INTROSPECTIONS * costOfWholeSchema(schema)) throw limitExceeded({ limit: 'introspection', allowed: `${INTROSPECTIONS} times what the whole schema costs` });
}

/** @throws BAD_INPUT that names the variable or argument whose text the database could not hold */
export function checkText({ document, variables }: Pick<CheckedOperation, 'document' | 'variables'>): void {
  const field = findUnstorableText(variables, '') ?? findUnstorableLiteral(document);
  if (field !== undefined) throw badInput({ field, problem: 'text must not contain U+0000 or half of a surrogate pair' });
}

/**
 * Validation lets a variable that may be null stand where no null may, for the sake of a default.
 *
 * @throws BAD_INPUT that names a variable which is null there; the document must be valid
 */
export function checkNulls({ schema, document, operation, variables }: CheckedOperation): void {
  if (!operation.variableDefinitions?.some(({ variable }) => variables[variable.name.value] === null)) return;
  const usages = new ValidationContext(schema, document, new TypeInfo(schema), () => undefined).getRecursiveVariableUsages(operation);
  for (const { node, type } of usages) {
    if (!isNonNullType(type) || variables[node.name.value] !== null) continue;
    throw badInput({ field: node.name.value, problem: `expected a value of type ${String(type)}, got null; leave it out for its default` });
  }
}

function refuseOver(limit: string, got: number, allowed: number, unit: string): void {
  if (got <= allowed) return;
  throw limitExceeded({ limit, allowed: `${allowed} ${unit}`, ...(Number.isFinite(got) ? { got: String(got) } : {}) });
}
