import type { z } from 'zod';
import type { Takes } from './contract.js';
import { Failure, LISTED_PROBLEMS, type Problem } from './failure.js';
import { describeValue, valueAt, type Path } from './field.name.js';

/**
 * Checks what a request brought against its row and gives the row's input.
 *
 * @param sent the parsed JSON body, or the parameters of the query or form as texts
 * @throws Failure BAD_INPUT with the fields that do not fit
 */
export function readInput<Input>(takes: Takes<Input>, sent: unknown): Input {
  if (takes.from === 'nothing') return undefined as Input;
  if (takes.from === 'query' || takes.from === 'form') return fitting(takes.shape, sent);
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    throw new Failure('BAD_INPUT', [{ path: [], message: `expected a JSON object, got ${describeValue(sent)}` }]);
  }
  return takes.from === 'batch' ? readBatch(takes, sent) : fitting(takes.shape, sent);
}

/** The names of a query's parameters. */
export function parameterNames(shape: z.ZodType): string[] {
  return 'shape' in shape && typeof shape.shape === 'object' && shape.shape !== null ? Object.keys(shape.shape) : [];
}

function fitting<Output>(shape: z.ZodType<Output>, sent: unknown): Output {
  const outcome = shape.safeParse(sent);
  if (outcome.success) return outcome.data;
  throw new Failure('BAD_INPUT', problems(outcome.error, sent, []));
}

function readBatch<Input>({ list, element, most }: Extract<Takes<Input>, { from: 'batch' }>, sent: object): Input {
  const elements = valueAt(sent, [list]);
  const expected = `expected a list of 1 to ${most} elements, got`;
  if (!Array.isArray(elements)) throw new Failure('BAD_INPUT', [{ path: [list], message: `${expected} ${describeValue(elements)}` }]);
  if (elements.length === 0 || elements.length > most) {
    throw new Failure('BAD_INPUT', [{ path: [list], message: `${expected} ${elements.length}` }]);
  }
  const fit: unknown[] = [];
  const unfit: Problem[] = [];
  let unfitElements = 0;
  for (const [index, value] of elements.entries()) {
    const outcome = element.safeParse(value);
    if (outcome.success) fit.push(outcome.data);
    else {
      unfit.push(...problems(outcome.error, value, [list, index]));
      unfitElements += 1;
      if (unfitElements === LISTED_PROBLEMS) break;
    }
  }
  if (unfit.length > 0) throw new Failure('BAD_INPUT', unfit);
  return { [list]: fit } as Input;
}

/** The first thing wrong with each field. */
function problems(error: z.ZodError, sent: unknown, place: Path): Problem[] {
  const byField = new Map<string, Problem>();
  for (const issue of error.issues) {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    const key = JSON.stringify(path);
    if (byField.has(key)) continue;
    const value = valueAt(sent, path);
    byField.set(key, {
      path: [...place, ...path],
      message: `expected ${issue.message}, got ${describeValue(value)}`,
      missing: value === undefined || value === null || value === '',
    });
  }
  return [...byField.values()];
}
