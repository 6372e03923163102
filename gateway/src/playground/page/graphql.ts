const ENDPOINT = '/graphql';

/** An operation as it is sent. */
export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string | null;
}

/** What comes back for it. */
export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions?: { code?: string; retryAfterSeconds?: number } }[];
}

/** Sends an operation; with files it becomes a multipart request, whose files are null among the variables. */
export async function send(operation: Operation, headers: Record<string, string>, files: Map<string, File> = new Map()): Promise<{ status: number; answer: Answer }> {
  const response = await fetch(ENDPOINT, { method: 'POST', ...(files.size > 0 ? multipart(operation, headers, files) : json(operation, headers)) });
  return { status: response.status, answer: (await response.json()) as Answer };
}

function json(operation: Operation, headers: Record<string, string>): RequestInit {
  return { headers: { 'content-type': 'application/json', accept: 'application/json', ...headers }, body: JSON.stringify(operation) };
}

function multipart(operation: Operation, headers: Record<string, string>, files: Map<string, File>): RequestInit {
  const body = new FormData();
  body.append('operations', JSON.stringify(operation));
  body.append('map', JSON.stringify(Object.fromEntries([...files.keys()].map((variable, index) => [index, [`variables.${variable}`]]))));
  for (const [index, file] of [...files.values()].entries()) body.append(String(index), file);
  return { headers: { accept: 'application/json', 'apollo-require-preflight': 'true', ...headers }, body };
}

/** Where subscriptions are opened. */
export const websocketUrl = (): string => `${location.origin.replace(/^http/, 'ws')}${ENDPOINT}`;
