/** What is POSTed to `/graphql`. */
export interface OperationBody {
  headers: Record<string, string>;
  body: string | FormData;
}

/** An operation as JSON, or, with files among its variables, as a form of the GraphQL multipart request specification. */
export function bodyOf(query: string, variables: unknown): OperationBody {
  const files: File[] = [];
  const map: Record<string, string[]> = {};
  const operations = { query, variables: withoutFiles(variables, 'variables') };
  if (files.length === 0) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(operations) };
  const form = new FormData();
  form.set('operations', JSON.stringify(operations));
  form.set('map', JSON.stringify(map));
  for (const [at, file] of files.entries()) form.set(String(at), file);
  // No form of a foreign page can send this header; the content type is the form's own.
  return { headers: { 'apollo-require-preflight': 'true' }, body: form };

  function withoutFiles(value: unknown, path: string): unknown {
    if (value instanceof Blob) {
      map[files.length] = [path];
      files.push(value instanceof File ? value : new File([value], 'file', { type: value.type }));
      return null;
    }
    if (Array.isArray(value)) return value.map((item, at) => withoutFiles(item, `${path}.${at}`));
    if (!isPlain(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutFiles(item, `${path}.${key}`)]));
  }
}

/** How many seconds an operation asks the platform to wait for something (`waitSeconds`); 0 when it does not. */
export function waitOf(value: unknown): number {
  if (!isPlain(value)) return 0;
  return Math.max(0, ...Object.entries(value).map(([key, item]) => (key === 'waitSeconds' && typeof item === 'number' ? item : waitOf(item))));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  return prototype === Object.prototype || prototype === null;
}
