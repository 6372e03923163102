/** Says what is wrong with a text (a value or a name), undefined when nothing is. */
export type TextRule = (text: string) => string | undefined;

export interface Fault {
  path: (string | number)[];
  message: string;
}

/** Deeper JSON would exhaust the stack of whoever walks it later. */
const DEEPEST = 100;

/** Looks through a JSON value for the first thing that cannot be kept. */
export function findFault(value: unknown, textFault: TextRule, depth = 0): Fault | undefined {
  if (typeof value === 'string') return found(textFault(value));
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : found('the number is too large');
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= DEEPEST) return found(`nested deeper than ${DEEPEST} levels`);
  return Array.isArray(value) ? faultInList(value, textFault, depth) : faultInObject(value, textFault, depth);
}

function faultInList(list: readonly unknown[], textFault: TextRule, depth: number): Fault | undefined {
  for (let index = 0; index < list.length; index += 1) {
    const fault = findFault(list[index], textFault, depth + 1);
    if (fault) return within(index, fault);
  }
  return undefined;
}

function faultInObject(object: object, textFault: TextRule, depth: number): Fault | undefined {
  for (const key in object) {
    const fault = found(textFault(key)) ?? findFault((object as Record<string, unknown>)[key], textFault, depth + 1);
    if (fault) return within(key, fault);
  }
  return undefined;
}

function found(message: string | undefined): Fault | undefined {
  return message === undefined ? undefined : { path: [], message };
}

function within(step: string | number, fault: Fault): Fault {
  fault.path.unshift(step);
  return fault;
}
