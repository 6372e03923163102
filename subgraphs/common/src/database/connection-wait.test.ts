import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { buildSchema } from 'graphql';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anonymous } from '../caller/caller.js';
import { LocalConnection } from '../graph/local-connection.js';
import { silentLog } from '../log/log.js';

const sockets = new Set<Socket>();
/** A database that takes connections and never answers. */
const stuck = createServer((socket) => void sockets.add(socket));
let pool: Pool;
beforeAll(async () => {
  await once(stuck.listen(0, '127.0.0.1'), 'listening');
  const { port } = stuck.address() as AddressInfo;
  pool = new Pool({ host: '127.0.0.1', port, user: 'nobody', max: 1, connectionTimeoutMillis: 100 });
});
afterAll(async () => {
  await pool.end();
  for (const socket of sockets) socket.destroy();
  stuck.close();
});

test('who gets no connection to the database in time hears that the subgraph is not available, not of an internal error', async () => {
  const schema = buildSchema('type Query { me: String } type Mutation { change: String }');
  Object.assign(schema.getMutationType()!.getFields().change!, { resolve: () => pool.query('select 1') });
  const local = new LocalConnection({ name: 'things', schema, contextFor: (of) => of, ready: async () => undefined, log: silentLog });
  const request = { document: 'mutation { change }', variables: {}, caller: anonymous, origin: 'client' as const, requestId: 'r', signal: new AbortController().signal };
  // The first makes the only connection, the second waits for it.
  for (const { errors } of await Promise.all([local.execute(request), local.execute(request)])) {
    expect(errors).toMatchObject([{ message: 'The subgraph things is not available at present', path: ['change'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  }
});
