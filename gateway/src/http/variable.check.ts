import { badInput, type HutongError } from '@hutong/common';
import { coerceInputValue, isNonNullType, typeFromAST, type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';

const REPORTED_FAULTS = 20;

/** Texts of the caller are quoted in messages; one longer than this says no more. */
const MESSAGE_LIMIT = 500;

/**
 * Where the variables of a valid operation do not fit their types; each is BAD_INPUT and names its place. It does not use
 * graphql's `getVariableValues`, which writes the whole value into each message: seconds for a large one.
 */
export function variableFaults(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): HutongError[] {
  const faults: HutongError[] = [];
  for (const { variable, type: typeNode, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode) as GraphQLInputType;
    const isGiven = Object.hasOwn(variables, name);
    if (isGiven && (variables[name] !== null || !isNonNullType(type))) faults.push(...faultsOf(variables[name], type, name, REPORTED_FAULTS - faults.length));
    else if (isNonNullType(type) && (isGiven || !defaultValue)) faults.push(badInput({ field: name, problem: `expected a value of type ${String(type)}, got none` }));
    if (faults.length >= REPORTED_FAULTS) break;
  }
  return faults;
}

/** Ends the look at a value. Made once: an error keeps the stack that it was made on, which takes longer than most values. */
const ENOUGH = new Error('enough faults');

/** The first faults of a value; the rest of it is not looked at. */
function faultsOf(value: unknown, type: GraphQLInputType, name: string, atMost: number): HutongError[] {
  const faults: HutongError[] = [];
  try {
    coerceInputValue(
      value,
      type,
      (path, _invalid, { message }) => {
        const field = name + path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
        faults.push(badInput({ field, problem: message.length <= MESSAGE_LIMIT ? message : `${message.slice(0, MESSAGE_LIMIT)}…` }));
        if (faults.length >= atMost) throw ENOUGH;
      },
      true,
    );
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return faults;
}
