import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { AuditRecord } from '../audit/audit-trail.js';
import type { Origin } from '../caller/access.js';
import { anonymous, type Caller, type Role } from '../caller/caller.js';
import { mapIterator } from '../events/map-iterator.js';
import type { SubgraphConnection } from '../graph/connection.js';
import { silentLog } from '../log/log.js';
import { ConnectedPeers, type Peers } from '../peers/peers.js';
import { openSubgraph, type OpenSubgraph } from '../subgraph/open-subgraph.js';
import type { SubgraphModule } from '../subgraph/subgraph-module.js';
import { testDatabase } from './test-database.js';

/** A caller of a test: `caller({ roles: ['PROVIDER'], organization: '20004' })`. A member of a user of its own by default. */
export const caller = (of: Partial<Caller> & { roles?: readonly Role[] } = {}): Caller => {
  const userId = randomUUID();
  return { ...anonymous, userId, username: `user-${userId.slice(0, 8)}`, roles: ['MEMBER'], ...of };
};

/** The platform secret of every test's subgraph. */
export const TEST_SECRET = 'the secret of this test run';

export interface Ask {
  as?: Caller;
  variables?: Record<string, unknown>;
  origin?: Origin;
}

/** What a test reads of a result: data without GraphQL's null prototypes. */
// oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
export type Answer = { data: any; errors: { message: string; path?: readonly (string | number)[]; extensions: Record<string, unknown> & { code: string } }[] };

export interface TestSubgraph<Services> extends OpenSubgraph<Services> {
  databaseUrl: string;
  audited: AuditRecord[];
  /** Runs an operation on the subgraph's own schema; anonymous unless `as` says who. */
  ask(document: string, ask?: Ask): Promise<Answer>;
  /** Begins a subscription; each item is an {@link Answer}. */
  listen(document: string, ask?: Ask): Promise<AsyncIterableIterator<Answer>>;
}

/**
 * Opens one subgraph on a database of its own. Peers are real connections, or a stand-in. Stop it in `afterAll`.
 *
 * @param beside opens another process of a subgraph, on its database; it is to be stopped before the first
 */
export async function testSubgraph<Services>(
  module: SubgraphModule<Services>,
  peers: Peers | Map<string, SubgraphConnection> = new Map(),
  beside?: TestSubgraph<Services>,
): Promise<TestSubgraph<Services>> {
  const database = beside ? { url: beside.databaseUrl, drop: async () => undefined } : await testDatabase();
  const audited: AuditRecord[] = [];
  const subgraph = await openSubgraph(module, {
    databaseUrl: database.url,
    secret: TEST_SECRET,
    peers: peers instanceof Map ? new ConnectedPeers(peers) : peers,
    keepAudit: async (record) => void audited.push(record),
    log: silentLog,
  });
  const request = (document: string, { as = anonymous, variables = {}, origin = 'client' }: Ask) => ({
    document,
    variables,
    caller: as,
    origin,
    requestId: randomUUID(),
    signal: new AbortController().signal,
  });
  return {
    ...subgraph,
    databaseUrl: database.url,
    audited,
    ask: async (document, ask = {}) => plain(await subgraph.connection.execute(request(document, ask))),
    listen: async (document, ask = {}) => {
      const results = await subgraph.connection.subscribe(request(document, ask));
      if (!(Symbol.asyncIterator in results)) throw new Error(`refused: ${JSON.stringify(results.errors)}`);
      return mapIterator(results, plain);
    },
    async stop() {
      await subgraph.stop();
      await database.drop();
    },
  };
}

const plain = (result: ExecutionResult): Answer => JSON.parse(JSON.stringify({ data: result.data ?? null, errors: result.errors ?? [] })) as Answer;
