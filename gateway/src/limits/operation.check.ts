import { badInput, findUnstorableText, limitExceeded } from '@hutong/common';
import { type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Limits } from './limits.js';
import { operationSize } from './operation-size.js';
import { rememberedCost } from './remembered-cost.js';
import { findUnstorableLiteral } from './unstorable-literal.js';

export interface CheckedOperation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Record<string, unknown>;
}

/** @throws LIMIT_EXCEEDED when the document is longer than the limit; looked at before it is parsed */
export function checkLength(text: string, { characters }: Limits): void {
  if (text.length > characters) throw limitExceeded({ limit: 'document length', allowed: `${characters} characters`, got: String(text.length) });
}

/** @throws LIMIT_EXCEEDED when a valid operation has more of something than a limit allows, in the order of what is cheap to count */
export function checkSize({ document, operation }: CheckedOperation, limits: Limits): void {
  const { depth, aliases, directives, rootFields } = operationSize(document, operation);
  refuseOver('depth', depth, limits.depth, 'levels');
  refuseOver('root fields', rootFields, limits.rootFields, 'fields');
  refuseOver('aliases', aliases, limits.aliases, 'aliases');
  refuseOver('directives', directives, limits.directives, 'directives');
}

/** @throws LIMIT_EXCEEDED; the variables must be valid */
export function checkCost({ schema, document, operation, variables }: CheckedOperation, limits: Limits): void {
  if (limits.cost === Infinity) return;
  const cost = rememberedCost({ schema, document, operationName: operation.name?.value, variables, atMost: limits.cost });
  refuseOver('cost', cost, limits.cost, 'fields, those of a list times its page size');
}

/** @throws BAD_INPUT that names the variable or argument whose text the database could not hold */
export function checkText({ document, variables }: Pick<CheckedOperation, 'document' | 'variables'>): void {
  const field = findUnstorableText(variables, '') ?? findUnstorableLiteral(document);
  if (field !== undefined) throw badInput({ field, problem: 'text must not contain U+0000 or half of a surrogate pair' });
}

function refuseOver(limit: string, got: number, allowed: number, unit: string): void {
  if (got <= allowed) return;
  throw limitExceeded({ limit, allowed: `${allowed} ${unit}`, ...(Number.isFinite(got) ? { got: String(got) } : {}) });
}
