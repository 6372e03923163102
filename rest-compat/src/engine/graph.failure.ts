import type { OperationRoute } from './contract.js';
import { Failure, LISTED_PROBLEMS, type FailureCode, type Problem } from './failure.js';
import { parseField, type Path } from './field.name.js';
import { ownPath } from './field.map.js';
import type { GraphError } from './graph.js';

type Row = Pick<OperationRoute<unknown, unknown>, 'fields' | 'takes'>;

/**
 * Says a graph's error in the words of the caller's contract: fields by their own names, a batch's bad elements by index.
 *
 * @param code the error's code, which the contract's error map is known to have
 */
export function graphFailure(error: GraphError, code: FailureCode, row: Row): Failure {
  const { field, failures, failureCount, retryAfterSeconds } = error.extensions ?? {};
  const place = typeof field === 'string' ? ownPath(parseField(field), row.fields ?? {}) : undefined;
  const listed = Array.isArray(failures) ? elementProblems(failures, place, row) : [];
  const total = typeof failureCount === 'number' ? failureCount : listed.length;
  return new Failure(code, listed.length > 0 ? listed : [problem(error.message, place, field)], {
    ...(total > listed.length && listed.length > 0 ? { unlisted: total - listed.length } : {}),
    ...(typeof retryAfterSeconds === 'number' && retryAfterSeconds >= 0 ? { retryAfterSeconds: Math.ceil(retryAfterSeconds) } : {}),
  });
}

function elementProblems(failures: readonly unknown[], place: Path | undefined, row: Row): Problem[] {
  const list: Path = row.takes.from === 'batch' ? [row.takes.list] : (place ?? []);
  return failures.filter(isElementFailure).slice(0, LISTED_PROBLEMS).map(({ index, message }) => ({ path: [...list, index], message }));
}

/** Messages may begin with the graph's name of the field, which is not the caller's. */
function problem(message: string, path: Path | undefined, field: unknown): Problem {
  const prefix = typeof field === 'string' ? `${field}: ` : '';
  return { ...(path ? { path } : {}), message: prefix !== '' && message.startsWith(prefix) ? message.slice(prefix.length) : message };
}

function isElementFailure(value: unknown): value is { index: number; message: string } {
  return typeof value === 'object' && value !== null && 'index' in value && Number.isInteger(value.index)
    && 'message' in value && typeof value.message === 'string';
}
