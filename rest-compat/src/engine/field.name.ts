/** Steps into a JSON value: names and indices. */
export type Path = readonly (string | number)[];

const PLAIN_NAME = /^[\p{L}\p{N}_$-]{1,100}$/u;
const STEP = /[^.[\]]+/g;
const SHOWN_CHARACTERS = 60;

/** Writes a path as callers read it: `computing_resources[3].gpu_memory`. The empty path is `body`. */
export function fieldName(path: Path): string {
  if (path.length === 0) return 'body';
  let name = '';
  for (const step of path) {
    if (typeof step === 'number') name += `[${step}]`;
    else if (PLAIN_NAME.test(step)) name += name === '' ? step : `.${step}`;
    else name += `[${quote(step)}]`;
  }
  return name;
}

/** Reads `input.reports[3].gpuMemory` as steps. */
export function parseField(field: string): (string | number)[] {
  return (field.match(STEP) ?? []).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** Names a value in a message, short whatever its size: `"x"`, `-1`, `a list`, `nothing`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return 'an object';
}

/** The value at a path, undefined when the path leads nowhere. Own properties only. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** Cuts a text for use in a message. */
export function shorten(text: string, most = SHOWN_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}

function quote(text: string): string {
  return JSON.stringify(shorten(text));
}
