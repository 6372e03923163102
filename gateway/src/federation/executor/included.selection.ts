import { Kind, visit, type DocumentNode, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import { isCondition } from '../../document-conditions.js';

/** The Boolean variables that decide about selections, with their values. */
export type Conditions = Readonly<Record<string, boolean>>;

/** Whether `@skip` and `@include` leave a selection in. */
export function isIncluded({ directives = [] }: SelectionNode, conditions: Conditions): boolean {
  return directives.every((directive) => {
    if (!isCondition(directive)) return true;
    const value = directive.arguments?.[0]?.value;
    const holds = value?.kind === Kind.VARIABLE ? conditions[value.name.value] : value?.kind === Kind.BOOLEAN && value.value;
    return holds === (directive.name.value === 'include');
  });
}

/** Names of the variables that `@skip` and `@include` of a document look at. */
export function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: (directive) => {
      const condition = isCondition(directive) ? directive.arguments?.[0]?.value : undefined;
      if (condition?.kind === Kind.VARIABLE) names.add(condition.name.value);
    },
  });
  return [...names].toSorted();
}

/** The value of a Boolean variable, its default where the caller gives none. */
export function conditionValue({ variableDefinitions = [] }: OperationDefinitionNode, name: string, variables: Readonly<Record<string, unknown>>): boolean {
  const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (typeof given === 'boolean') return given;
  const value = variableDefinitions.find(({ variable }) => variable.name.value === name)?.defaultValue;
  if (given === undefined && value?.kind === Kind.BOOLEAN) return value.value;
  throw new Error(`the variable ${name} has no value, and no default`);
}
