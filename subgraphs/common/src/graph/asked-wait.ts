import { Kind, parse, visit, type ValueNode } from 'graphql';

/** The longest wait that an operation may ask for. */
export const LONGEST_WAIT_MS = 600_000;
/** What an operation that waits may take beside its wait. */
export const BESIDE_WAIT_MS = 10_000;

const NAME = 'waitSeconds';
/** How deep input objects are looked into. */
const DEEPEST = 3;
const MOST_TOKENS = 15_000;

/**
 * How long an operation may take on its way through a process: as long as any other or, where it asks to wait by an argument
 * or input field named `waitSeconds`, that long and 10 s more. A wait counts as 600 s at most.
 *
 * @param document text of the operation; empty where only the variables can hold it
 */
export function timeAllowed(usualMs: number, document: string, variables: unknown): number {
  const waitMs = Math.min(Math.max(inVariables(variables, 0), inDocument(document, isPlainObject(variables) ? variables : {})) * 1_000, LONGEST_WAIT_MS);
  return waitMs > 0 ? Math.max(usualMs, waitMs + BESIDE_WAIT_MS) : usualMs;
}

function inVariables(values: unknown, depth: number): number {
  if (depth > DEEPEST || !isPlainObject(values)) return 0;
  let longest = secondsOf(values[NAME]);
  for (const value of Object.values(values)) longest = Math.max(longest, inVariables(value, depth + 1));
  return longest;
}

function inDocument(document: string, variables: Readonly<Record<string, unknown>>): number {
  // Nearly none asks to wait, and looking for the name costs next to nothing.
  if (!document.includes(NAME)) return 0;
  let longest = 0;
  const defaults = new Map<string, ValueNode>();
  const look = ({ name, value }: { name: { value: string }; value: ValueNode }): void => {
    if (name.value === NAME) longest = Math.max(longest, written(value));
  };
  const written = (value: ValueNode | undefined): number => {
    if (value?.kind === Kind.INT) return secondsOf(Number(value.value));
    if (value?.kind !== Kind.VARIABLE) return 0;
    const given = variables[value.name.value];
    return given === undefined ? written(defaults.get(value.name.value)) : secondsOf(given);
  };
  try {
    visit(parse(document, { noLocation: true, maxTokens: MOST_TOKENS }), {
      VariableDefinition: ({ variable, defaultValue }) => {
        if (defaultValue) defaults.set(variable.name.value, defaultValue);
      },
      Argument: look,
      ObjectField: look,
    });
  } catch {
    // What does not parse is refused elsewhere, and soon.
  }
  return longest;
}

const secondsOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0);

/** Lists may be long, and ask for nothing. */
const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
