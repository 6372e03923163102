import { Kind, type DirectiveNode } from 'graphql';

/** What Boolean variables must be so that a selection is left in: all of these. */
export type WantedValues = ReadonlyMap<string, boolean>;

/** Of a selection without conditions. */
export const ALWAYS: WantedValues = new Map();

/** Whether a directive is `@skip` or `@include`. */
export const isCondition = ({ name: { value } }: DirectiveNode): boolean => value === 'skip' || value === 'include';

/** What the variables must be for a directive as well; undefined where no values of them meet all. */
export function withDirective(wanted: WantedValues | undefined, directive: DirectiveNode): WantedValues | undefined {
  if (!isCondition(directive)) return wanted;
  const isWanted = directive.name.value === 'include';
  const condition = directive.arguments?.[0]?.value;
  if (condition?.kind === Kind.BOOLEAN && condition.value !== isWanted) return undefined;
  return condition?.kind === Kind.VARIABLE ? withCondition(wanted, condition.name.value, isWanted) : wanted;
}

/** What they must be when one more has to have a value; undefined where it has to have the other. */
export function withCondition(wanted: WantedValues | undefined, variable: string, isWanted: boolean): WantedValues | undefined {
  return wanted?.get(variable) === !isWanted ? undefined : wanted && new Map([...wanted, [variable, isWanted]]);
}
