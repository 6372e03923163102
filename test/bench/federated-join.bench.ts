import { LocalGraphQLDataSource, RemoteGraphQLDataSource } from '@apollo/gateway';
import { anonymous, CallerTokens, silentLog } from '@hutong/common';
import { RemoteConnection } from '@hutong/common/remote';
import type { Benchmark } from './benchmark.js';
import { joinedSubgraphs } from './federated-join.subgraphs.js';
import { SECRET } from './federated-join.secret.js';
import { apolloGateway, localConnection, ourGateway, type JoiningGateway } from './federated-join.world.js';
import { withProcess } from './process.js';

const ROUNDS = 7;
const CALLERS = 16;
/** A round is many short turns, one side after the other, so that a busy moment of the machine meets both. */
const TURNS = 30;
const JOINS_OF_TURN = 64;

type Side = 'ours' | 'apollo';

/** Milliseconds that 16 callers who wait for each answer take for the joins of one turn. */
async function turn({ join }: JoiningGateway): Promise<number> {
  let left = JOINS_OF_TURN;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await join();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return performance.now() - start;
}

async function compare(gateways: Record<Side, JoiningGateway>): ReturnType<Benchmark['run']> {
  const perSecond: Record<Side, number[]> = { ours: [], apollo: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const taken = { ours: 0, apollo: 0 };
    for (let count = 0; count < TURNS; count += 1) for (const side of ['ours', 'apollo'] as const) taken[side] += await turn(gateways[side]);
    // The first round is for the compiler.
    if (round > 0) for (const side of ['ours', 'apollo'] as const) perSecond[side].push(Math.round((TURNS * JOINS_OF_TURN * 1_000) / taken[side]));
  }
  for (const { stop } of Object.values(gateways)) await stop();
  return { ratio: perSecond.ours.map((value, round) => value / perSecond.apollo[round]!), detail: { joinsPerSecond: perSecond } };
}

const inProcess: Benchmark = {
  name: 'a join of 20 entities with @requires, distinct variables, in one process (through Apollo Server both; ours with all limits)',
  target: '≥ 1.7 × @apollo/gateway with LocalGraphQLDataSource',
  meets: (ratio) => ratio >= 1.7,
  run: async () => {
    const schemas = new Map(joinedSubgraphs().map(({ name, schema }) => [name, schema]));
    return compare({
      ours: await ourGateway(joinedSubgraphs().map(localConnection)),
      apollo: await apolloGateway((name) => new LocalGraphQLDataSource(schemas.get(name)!)),
    });
  },
};

const overHttp: Benchmark = {
  name: 'a join of 20 entities with @requires, distinct variables, the same subgraphs over HTTP',
  target: '≥ 1.1 × @apollo/gateway with its default data source',
  meets: (ratio) => ratio >= 1.1,
  run: () =>
    withProcess('federated-join.server.ts', [], async (line) => {
      const urls = JSON.parse(line) as Record<string, string>;
      const connections = Object.entries(urls).map(([name, url]) => new RemoteConnection({ name, url, secret: SECRET, log: silentLog }));
      const result = await compare({ ours: await ourGateway(connections), apollo: await apolloGateway((name) => withToken(name, urls[name]!)) });
      for (const connection of connections) await connection.close();
      return result;
    }),
};

/** The default data source; its token was signed once and lasts, as signing is our part only. */
function withToken(name: string, url: string): RemoteGraphQLDataSource {
  const lasting = new CallerTokens(SECRET, () => Date.now() + 3_600_000);
  const authorization = `Bearer ${lasting.sign(name, { caller: anonymous, origin: 'client', requestId: 'bench' })}`;
  return new RemoteGraphQLDataSource({ url: `${url}/graphql`, willSendRequest: ({ request }) => request.http?.headers.set('authorization', authorization) });
}

export const benchmarks: Benchmark[] = [inProcess, overHttp];
