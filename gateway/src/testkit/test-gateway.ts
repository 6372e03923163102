import { listen, silentLog, type Log, type SubgraphConnection } from '@hutong/common';
import { inheritedEnvironment, readGatewaySettings, type GatewaySettings } from '../environment.js';
import type { CurrentGraph } from '../federation/current-graph.js';
import type { FederatedGraph } from '../federation/federated-graph.js';
import { composeSupergraph } from '../federation/compose.js';
import { createApp } from '../http/app.js';
import { Readiness } from '../http/readiness.js';
import type { Identity } from '../identity/identity.js';
import type { LiveGraph } from '../subscriptions/live-graph.js';
import { observed } from '../telemetry/http-exchange.js';
import { openGraphEndpoint } from '../platform/graph-endpoint.js';
import { playground } from '../playground/playground.js';
import { TestSubgraphs } from './test-subgraphs.js';

export interface TestAnswer {
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  data: any;
  errors: { message: string; path?: (string | number)[]; locations?: unknown; extensions: Record<string, unknown> & { code: string } }[];
}

export interface TestAsk {
  variables?: unknown;
  headers?: Record<string, string>;
  operationName?: string;
}

export interface TestGateway {
  readonly url: string;
  readonly subgraphs: TestSubgraphs;
  readonly identity: Identity;
  readonly current: CurrentGraph;
  /** The one that is current. */
  readonly graph: FederatedGraph;
  readonly live: LiveGraph;
  /** What the gateway reaches subgraphs by; a test may take one away. */
  readonly connections: Map<string, SubgraphConnection>;
  /** Reads this text as the supergraph; resolves when it is in use, or refused. */
  reload(supergraphSdl: string): Promise<void>;
  ask(query: string, ask?: TestAsk): Promise<TestAnswer>;
  request(path: string, init?: RequestInit): Promise<TestAnswer>;
  stop(): Promise<void>;
}

const CREDENTIAL = '{ credentialId userId username roles organization scopes expiresAt csrfHash }';
const REVOCATIONS = { subgraph: 'people', resolve: `query ($credential: String!) { resolveCredential(credential: $credential) ${CREDENTIAL} }`, resolveById: `query ($credentialId: ID!) { resolveCredentialById(credentialId: $credentialId) ${CREDENTIAL} }`, resolveUser: `query ($username: String!) { resolveUser(username: $username) ${CREDENTIAL} }`, revocations: 'subscription { credentialRevoked }' };

/** A subgraph beside the two that every test gateway has. */
export interface MoreSubgraph {
  sdl: string;
  connection: SubgraphConnection;
}

/** A gateway over two tiny subgraphs, listening on a free port, with settings as the environment would give them. */
export async function testGateway(environment: Record<string, string> = {}, log: Log = silentLog, more: readonly MoreSubgraph[] = []): Promise<TestGateway> {
  const settings: GatewaySettings = readGatewaySettings({ PORT: '0', PLAN_EXECUTOR: inheritedEnvironment()['PLAN_EXECUTOR'], ...environment });
  const subgraphs = new TestSubgraphs();
  const connections = new Map<string, SubgraphConnection>([...subgraphs.connections(), ...more.map(({ connection }) => connection)].map((connection) => [connection.name, connection]));
  let sdl = await composeSupergraph([...subgraphs.sdl, ...more.map((other) => ({ name: other.connection.name, sdl: other.sdl }))]);
  const endpoint = await openGraphEndpoint({ settings, connections, identitySource: REVOCATIONS, read: async () => sdl, log });
  const { current, identity, live } = endpoint;
  const readiness = new Readiness(['people', 'things'], connections, log);
  readiness.started();
  const app = createApp({
    graphql: endpoint.route,
    ...(settings.playground ? { playground: playground() } : {}),
    readiness,
    trustedProxies: settings.trustedProxies,
    log,
  });
  const listener = await listen(observed(app), settings);
  live.attach(listener.server);
  const url = `http://127.0.0.1:${listener.port}`;
  const request = async (path: string, init?: RequestInit): Promise<TestAnswer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') ? (JSON.parse(text) as Partial<TestAnswer>) : {};
    return { status: response.status, headers: response.headers, text, data: json.data, errors: json.errors ?? [] };
  };
  return {
    url,
    subgraphs,
    identity,
    current,
    get graph() {
      return current.graph;
    },
    live,
    connections,
    request,
    reload(text) {
      sdl = text;
      return endpoint.supergraph.reload();
    },
    ask: (query, { variables, headers, operationName } = {}) =>
      request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query, variables, operationName }) }),
    async stop() {
      await live.stop();
      await listener.drain(1_000);
      await endpoint.stop();
    },
  };
}
