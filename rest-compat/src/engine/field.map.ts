import type { Path } from './field.name.js';

/**
 * Turns a path into an operation's variables into the caller's own.
 *
 * @param names `{ 'input.reports[].gpuMemory': 'computing_resources[].gpu_memory', 'input.template': '' }`; of the entries
 *   that begin the path the longest counts, what follows it is kept, and indices are put back in their order
 */
export function ownPath(path: Path, names: Readonly<Record<string, string>>): Path {
  for (let length = path.length; length > 0; length -= 1) {
    const name = pattern(path.slice(0, length));
    const own = Object.hasOwn(names, name) ? names[name] : undefined;
    if (own === undefined) continue;
    const indices = path.slice(0, length).filter((step) => typeof step === 'number');
    return [...steps(own, indices), ...path.slice(length)];
  }
  return path[0] === 'input' ? path.slice(1) : path;
}

function pattern(path: Path): string {
  return path.map((step, at) => (typeof step === 'number' ? '[]' : at === 0 ? step : `.${step}`)).join('');
}

function steps(own: string, indices: readonly number[]): (string | number)[] {
  const left = [...indices];
  return (own.match(/\[\]|[^.[\]]+/g) ?? []).map((step) => (step === '[]' ? (left.shift() ?? 0) : step));
}
