/** What is POSTed to `/graphql`. */
export interface GraphBody {
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer>;
}

/** An operation as clients send it: as JSON, or, with a File among its variables, as a form of the GraphQL multipart request specification. */
export async function graphBody(query: string, variables: Record<string, unknown>): Promise<GraphBody> {
  const files = filesIn(variables, 'variables');
  if (files.length === 0) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) };
  const form = new FormData();
  form.set('operations', JSON.stringify({ query, variables }, (_key, value: unknown) => (value instanceof File ? null : value)));
  form.set('map', JSON.stringify(Object.fromEntries(files.map(({ path }, at) => [at, [path]]))));
  for (const [at, { file }] of files.entries()) form.set(String(at), file);
  const sent = new Response(form);
  return { headers: { 'content-type': sent.headers.get('content-type')!, 'apollo-require-preflight': 'true' }, body: new Uint8Array(await sent.arrayBuffer()) };
}

function filesIn(value: unknown, path: string): { path: string; file: File }[] {
  if (value instanceof File) return [{ path, file: value }];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => filesIn(item, `${path}.${key}`));
}
