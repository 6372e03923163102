import type { Example } from '../example.types.js';

/** What was answered last to each root field, for variables of other examples. It is gone with the page. */
export class Answers {
  readonly #last: Record<string, unknown> = {};

  remember(data: Record<string, unknown> | null | undefined): void {
    Object.assign(this.#last, data);
  }

  /** The variables of an example, with what other examples made in place where they made it. */
  variablesOf({ variables, sources }: Example): Record<string, unknown> {
    const filled = structuredClone(variables);
    for (const { variable, answers } of sources) {
      const value = answers.map((place) => valueAt(this.#last, place.split('.'))).find((found) => found !== undefined && found !== null);
      if (value !== undefined) put(filled, variable.split('.'), value);
    }
    return filled;
  }
}

function valueAt(data: unknown, [step, ...rest]: string[]): unknown {
  if (step === undefined) return data;
  return typeof data === 'object' && data !== null ? valueAt((data as Record<string, unknown>)[step], rest) : undefined;
}

function put(variables: Record<string, unknown>, [step, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) variables[step!] = value;
  else put(variables[step!] as Record<string, unknown>, rest, value);
}
