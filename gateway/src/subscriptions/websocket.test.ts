import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SocketGateway, VISITED } from '../testkit/socket.gateway.js';
import type { TestGateway } from '../testkit/test-gateway.js';
import { until } from '../testkit/test-socket.js';

let sockets: SocketGateway;
let gateway: TestGateway;
beforeEach(async () => {
  sockets = await SocketGateway.start();
  ({ gateway } = sockets);
});
afterEach(() => sockets.stop());

describe('results', () => {
  test('an event is joined with what another subgraph knows', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', VISITED);
    await sockets.listening();
    gateway.subgraphs.visit('1');
    gateway.subgraphs.visit('2');
    expect(await socket.results('a', 2)).toEqual([
      { visited: { id: '1', person: { id: '1', name: 'person 1', things: [{ label: 'thing 0' }] } } },
      { visited: { id: '2', person: { id: '2', name: 'person 2', things: [{ label: 'thing 1' }] } } },
    ]);
    expect(gateway.subgraphs.joins).toBe(2);
  });

  test('come with aliases, fragments, variables and skipped fields as a query has them', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', 'query Other { me { id } } subscription Live($skip: Boolean!) { seen: visited { ...v note @skip(if: $skip) } } fragment v on Visit { it: id who: person { things { owner { name } } } }', { skip: true }, 'Live');
    await sockets.listening();
    gateway.subgraphs.visit('1');
    expect(await socket.results('a', 1)).toEqual([{ seen: { it: '1', who: { things: [{ owner: { name: 'person 1' } }] } } }]);
  });

  test('come with aliases that are names of other fields, keys among them', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', 'subscription { personAdded: visited { id: note person { id: name things { owner: label } } } }');
    await sockets.listening();
    gateway.subgraphs.visit('1', 'a note');
    gateway.subgraphs.visit('1', 'expected');
    await socket.results('a', 2);
    const person = { id: 'person 1', things: [{ owner: 'thing 0' }] };
    expect(socket.of('a').map(({ payload }) => payload)).toEqual([
      { data: { personAdded: { id: 'a note', person } } },
      { data: { personAdded: { id: null, person } }, errors: [{ path: ['personAdded', 'id'], message: 'no note today', extensions: { code: 'CONFLICT' } }] },
    ]);
  });

  test('carry the failure of a field beside the rest of the event, and the stream goes on', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', 'subscription { visited { id note } }');
    await sockets.listening();
    gateway.subgraphs.visit('1', 'expected');
    gateway.subgraphs.visit('1', 'unexpected');
    gateway.subgraphs.visit('1', 'fine');
    await socket.results('a', 3);
    const [expected, unexpected, fine] = socket.of('a').map(({ payload }) => payload);
    expect(expected).toMatchObject({ data: { visited: { id: '1', note: null } }, errors: [{ path: ['visited', 'note'], message: 'no note today', extensions: { code: 'CONFLICT' } }] });
    expect(unexpected.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect(JSON.stringify(unexpected)).not.toContain('swordfish');
    expect(fine).toEqual({ data: { visited: { id: '3', note: 'fine' } } });
  });

  test('carry an error in place of the fields of a subgraph that is away', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', VISITED);
    await sockets.listening();
    gateway.connections.delete('things');
    gateway.subgraphs.visit('1');
    await socket.results('a', 1);
    expect(socket.of('a')[0]!.payload.errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  });

  test('begin behind "after", and a reconnecting client misses none and sees none twice', async () => {
    const ids: string[] = [];
    let after: string | undefined;
    for (let round = 0; round < 5; round++) {
      const socket = await sockets.of('alice');
      socket.subscribe('a', 'subscription ($after: ID) { visited(after: $after) { id } }', { after });
      if (round === 0) await sockets.listening();
      const written = Array.from({ length: 20 }, () => gateway.subgraphs.visit('1'));
      const seen = await socket.results('a', written.length / 2);
      socket.end();
      ids.push(...seen.map(({ visited }) => visited.id as string));
      after = ids.at(-1);
    }
    const socket = await sockets.of('alice');
    socket.subscribe('a', 'subscription ($after: ID) { visited(after: $after) { id } }', { after });
    const rest = await socket.results('a', 100 - ids.length);
    expect([...ids, ...rest.map(({ visited }) => visited.id as string)]).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)));
  });

  test('reach the graphql-ws client', async () => {
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: { 'X-Auth-Token': gateway.subgraphs.credential('alice') } });
    const seen: unknown[] = [];
    const done = (async () => {
      for await (const { data } of client.iterate({ query: 'subscription { visited { id } }' })) {
        seen.push(data);
        if (seen.length === 2) break;
      }
    })();
    await sockets.listening();
    gateway.subgraphs.visit('1');
    gateway.subgraphs.visit('1');
    await done;
    expect(seen).toEqual([{ visited: { id: '1' } }, { visited: { id: '2' } }]);
    await until(() => gateway.subgraphs.visitors === 0);
    await client.dispose();
  });
});

describe('the end of a subscription', () => {
  test('closes its source when the client completes it, and when the client goes', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', VISITED);
    socket.subscribe('b', 'subscription { visited(after: "0") { id } }');
    await sockets.listening(2);
    socket.send({ id: 'a', type: 'complete' });
    await until(() => gateway.subgraphs.visitors === 1);
    socket.end();
    await until(() => gateway.subgraphs.visitors === 0 && gateway.live.operations.sources === 0);
  });

  test('is an error that tells nothing of the inside when the subgraph breaks down, and the id can be used again', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', VISITED);
    await sockets.listening();
    gateway.subgraphs.breakVisits();
    const { payload } = await socket.until(({ type }) => type === 'error');
    expect(payload).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
    expect(JSON.stringify(payload)).not.toContain('swordfish');
    socket.subscribe('a', VISITED);
    await sockets.listening();
    gateway.subgraphs.visit('1');
    await socket.results('a', 1);
  });

  test('is SUBSCRIBER_TOO_SLOW for a client that reads more slowly than events come', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', 'subscription { visited { id note } }');
    await sockets.listening();
    socket.socket.pause();
    const note = 'x'.repeat(40_000);
    for (let round = 0; round < 30; round++) {
      for (let visit = 0; visit < 100; visit++) gateway.subgraphs.visit('1', note);
      await delay(1);
    }
    await delay(100);
    socket.socket.resume();
    const { payload } = await socket.until(({ type }) => type === 'error');
    expect(payload).toMatchObject([{ message: expect.stringContaining('"after"'), extensions: { code: 'SUBSCRIBER_TOO_SLOW' } }]);
    const last = socket.data('a').at(-1).visited.id as string;
    expect(socket.data('a').map(({ visited }) => visited.id as string)).toEqual(Array.from({ length: Number(last) }, (_, index) => String(index + 1)));
  });
});

describe('sharing', () => {
  test('equal subscriptions of one user have one source and one join, however many sockets', async () => {
    const credential = gateway.subgraphs.credential('alice');
    const all = await Promise.all(Array.from({ length: 10 }, () => sockets.greeted(credential)));
    for (const socket of all) socket.subscribe('a', VISITED);
    await sockets.listening();
    // A source is open before the last of the sockets reads it.
    await until(() => gateway.subgraphs.asked.length > 0);
    await delay(100);
    gateway.subgraphs.visit('1');
    await Promise.all(all.map((socket) => socket.results('a', 1)));
    expect([gateway.subgraphs.opened, gateway.subgraphs.joins]).toEqual([1, 1]);
    all[0]!.end();
    gateway.subgraphs.visit('1');
    await Promise.all(all.slice(1).map((socket) => socket.results('a', 2)));
    for (const socket of all) socket.end();
    await until(() => gateway.subgraphs.visitors === 0);
  });

  test('different users, and streams that begin at different places, share nothing', async () => {
    const [alice, bob] = [await sockets.of('alice'), await sockets.of('bob')];
    alice.subscribe('a', VISITED);
    bob.subscribe('b', VISITED);
    bob.subscribe('c', 'subscription { visited(after: "0") { id } }');
    bob.subscribe('d', 'subscription ($from: ID = "0") { visited(after: $from) { id } }');
    bob.subscribe('e', 'subscription ($from: ID = "0") { visited(after: $from) { id } }');
    await sockets.listening(5);
    expect(gateway.subgraphs.opened).toBe(5);
  });
});

describe('queries and mutations on a socket', () => {
  test('answer once and complete', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('q', '{ me { name things { label } } }');
    socket.subscribe('m', 'mutation { rename(id: "1", name: "new") { name } }');
    await socket.until(({ type, id }) => type === 'complete' && id === 'q');
    await socket.until(({ type, id }) => type === 'complete' && id === 'm');
    expect(socket.data('q')).toEqual([{ me: { name: 'alice', things: [{ label: 'thing 0' }] } }]);
    expect(socket.data('m')).toEqual([{ rename: { name: 'new' } }]);
  });

  test('and subscriptions are refused by the same limits, before anything runs', async () => {
    const socket = await sockets.of('alice');
    const deep = `${'friends { '.repeat(12)} id ${'}'.repeat(12)}`;
    const refusals: [string, string, string][] = [
      ['query', `{ me { ${deep} } }`, 'LIMIT_EXCEEDED'],
      ['deep', `subscription { visited { person { ${deep} } } }`, 'LIMIT_EXCEEDED'],
      ['cost', 'subscription { visited { person { friends(first: 100) { friends(first: 100) { id } } } } }', 'LIMIT_EXCEEDED'],
      ['aliases', `subscription { visited { ${Array.from({ length: 16 }, (_, index) => `a${index}: id`).join(' ')} } }`, 'LIMIT_EXCEEDED'],
      ['tokens', `subscription { visited { ${'id '.repeat(1_001)} } }`, 'LIMIT_EXCEEDED'],
      ['length', `subscription { visited { id } } #${'x'.repeat(15_000)}`, 'LIMIT_EXCEEDED'],
      ['unknown', 'subscription { visited { nothing } }', 'GRAPHQL_VALIDATION_FAILED'],
      ['two', 'subscription { visited { id } personAdded { id } }', 'GRAPHQL_VALIDATION_FAILED'],
      ['syntax', 'subscription { visited {', 'GRAPHQL_PARSE_FAILED'],
      ['hidden', 'subscription { credentialRevoked }', 'GRAPHQL_VALIDATION_FAILED'],
      ['argument', 'subscription { visited(after: "99") { id } }', 'BAD_INPUT'],
    ];
    for (const [id, query, code] of refusals) {
      socket.subscribe(id, query);
      const { type, payload } = await socket.until((message) => message.id === id);
      expect([id, type, payload[0].extensions.code]).toEqual([id, 'error', code]);
    }
    socket.subscribe('variable', 'subscription ($after: ID) { visited(after: $after) { id } }', { after: { not: 'an id' } });
    expect((await socket.until(({ id }) => id === 'variable')).payload).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    expect([gateway.subgraphs.opened, gateway.subgraphs.visitors]).toEqual([0, 0]);
  });

  test('may be at most so many at once', async () => {
    const socket = await sockets.of('alice');
    for (let id = 0; id < 6; id++) socket.subscribe(String(id), 'subscription { visited(after: "0") { id } }');
    const { id, payload } = await socket.until(({ type }) => type === 'error');
    expect([id, payload[0].extensions.code]).toEqual(['5', 'LIMIT_EXCEEDED']);
    await sockets.listening(5);
    socket.send({ id: '0', type: 'complete' });
    await until(() => gateway.subgraphs.visitors === 4);
    socket.subscribe('again', 'subscription { visited(after: "0") { id } }');
    await sockets.listening(5);
  });
});
