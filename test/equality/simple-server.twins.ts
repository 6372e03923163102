import { send, sendAs, type HttpAnswer } from '../testkit/http.js';
import { asked, twinOf, type Numbers, type Outcome, type Twin } from './twin.js';

// SimpleServerAPI: each row of its page, by the contract and as a GraphQL client would do it.

/** HTTP statuses, from the page. */
const STATUSES: Numbers = { BAD_INPUT: 400, WRONG_CREDENTIALS: 401, UNAUTHENTICATED: 401, TOO_MANY_LOGINS: 429, SUBGRAPH_UNAVAILABLE: 503 };

/** A refusal says `{"detail": …}`, but for a wrong login, which says `{"data": ""}`. */
function read({ status, json, text }: HttpAnswer): Outcome {
  if (status === 200 && Object.keys(json as object).join() === 'data') return { data: json.data };
  if (status >= 400 && (text === '{"data":""}' || (typeof json?.detail === 'string' && json.detail !== ''))) return { refused: status };
  throw new Error(`no answer of SimpleServerAPI: HTTP ${status} ${text}`);
}

/** One field of each subgraph. */
const EVERYWHERE = '{ me { id } cloud { driver } storage { setCount } task(id: "1") { id } computingResource(id: "1") { id } }';

const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { ticket csrfPreventionToken expiresAt user { username } } }';

const MACHINES = `query ($after: String) {
  machines(first: 100, after: $after) {
    nodes { id name cpus status memoryBytes gpu ip maxDiskBytes attributes }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Machine {
  id: string;
  name: string | null;
  cpus: number;
  status: string;
  memoryBytes: number;
  gpu: string;
  ip: string;
  maxDiskBytes: number | null;
  attributes: Record<string, unknown>;
}

/** Every row of SimpleServerAPI. */
export const simpleServerTwins = {
  'GET /status': twinOf<string>(
    STATUSES,
    async ({ platform }, query) => {
      const { status, json } = await send(platform, { path: `/api/status${query}` });
      return status === 200 ? { data: json } : { refused: status };
    },
    async (actor) => {
      await asked(actor, EVERYWHERE);
      return { code: 200, message: 'OK' };
    },
  ),

  'POST /ticket': twinOf<{ username?: unknown; password?: unknown }>(
    STATUSES,
    async ({ platform }, credentials) => read(await send(platform, { method: 'POST', path: '/api/ticket', headers: { 'content-type': 'application/json' }, body: JSON.stringify(credentials) })),
    async (actor, credentials) => {
      const { logIn } = await asked(actor, LOG_IN, { input: credentials });
      return { CSRFPreventionToken: logIn.csrfPreventionToken, ticket: logIn.ticket, username: logIn.user.username, expires_at: logIn.expiresAt };
    },
  ),

  'GET /info': twinOf<void>(
    STATUSES,
    async (actor) => read(await sendAs(actor, { path: '/api/info' })),
    async (actor) => {
      const found: Machine[] = [];
      for (let after: string | null = null; ; ) {
        const { machines } = await asked(actor, MACHINES, { after });
        found.push(...(machines.nodes as Machine[]));
        if (!machines.pageInfo.hasNextPage) return found.map(inContractWords);
        after = machines.pageInfo.endCursor;
      }
    },
  ),
} satisfies Record<string, Twin<never>>;

/** The document's fields, and any other that the record has; others are of other names. */
function inContractWords({ id, name, cpus, status, memoryBytes, gpu, ip, maxDiskBytes, attributes }: Machine): Record<string, unknown> {
  const others = Object.entries(attributes).filter(([field]) => !['id', 'cpus', 'status', 'mem', 'GPU', 'ip', 'name', 'maxdisk'].includes(field));
  const fields = { id: Number(id), cpus, status: status === 'RUNNING' ? 'running' : 'stopped', mem: memoryBytes, GPU: gpu, ip };
  return { ...Object.fromEntries(others), ...fields, ...(name === null ? {} : { name }), ...(maxDiskBytes === null ? {} : { maxdisk: maxDiskBytes }) };
}
