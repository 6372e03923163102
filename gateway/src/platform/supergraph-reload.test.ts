import { buildSubgraphSchema } from '@apollo/subgraph';
import { LocalConnection, silentLog, type Log } from '@hutong/common';
import { parse } from 'graphql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGatewaySettings } from '../environment.js';
import { OperationTexts } from '../http/operation-texts.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestEventStream } from '../testkit/test-event-stream.js';
import { TestSocket, until } from '../testkit/test-socket.js';
import { StoredOperations } from '../stored/stored-operations.js';
import { PlannedGraph } from '../federation/planned-graph.js';
import { composeSupergraph } from '../federation/compose.js';
import type { FederatedGraph } from '../federation/federated-graph.js';
import { SupergraphReload } from './supergraph-reload.js';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@override"])\n';
const SHELVES = `${LINK} type Person @key(fields: "id") { id: ID!, things: [Thing!] @override(from: "things"), shelf: String! } type Thing @key(fields: "id") { id: ID! }`;
const NOTES = `${LINK} type Visit @key(fields: "id") { id: ID!, note: String @override(from: "people") }`;

let gateway: TestGateway;
let logged: { level: string; text: string; facts: Record<string, unknown> }[];
let opened: { end(): void }[];
beforeEach(async () => {
  logged = [];
  opened = [];
  gateway = await testGateway({}, logOf());
  connect('shelves', SHELVES, { Person: { things: () => [{ id: '0' }, { id: '1' }], shelf: () => 'in the hall' } });
  connect('notes', NOTES, { Visit: { note: ({ id }: { id: string }) => `note of visit ${id}` } });
});
afterEach(async () => {
  for (const one of opened) one.end();
  await gateway.stop();
});

function logOf(): Log {
  const note = (level: string) => (facts: Record<string, unknown> | string, text?: string) =>
    void logged.push(typeof facts === 'string' ? { level, text: facts, facts: {} } : { level, text: text ?? '', facts });
  return { ...silentLog, info: note('info'), error: note('error') };
}

function connect(name: string, sdl: string, resolvers: Record<string, object>): void {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }] as unknown as Parameters<typeof buildSubgraphSchema>[0]);
  gateway.connections.set(name, new LocalConnection({ name, schema, contextFor: (request) => request, ready: async () => undefined, log: silentLog }));
}

const kept = <One extends { end(): void }>(one: One): One => {
  opened.push(one);
  return one;
};
const socketOf = async (username: string) => kept(await TestSocket.acknowledged(gateway.url, gateway.subgraphs.credential(username)));
const listening = (count = 1) => until(() => gateway.subgraphs.visitors >= count);

/** The supergraph of the test subgraphs, the named one changed, and others beside them. */
async function supergraph(changes: Record<string, (sdl: string) => string> = {}, others: Record<string, string> = {}): Promise<string> {
  const changed = gateway.subgraphs.sdl.map(({ name, sdl }) => ({ name, sdl: changes[name]?.(sdl) ?? sdl }));
  return composeSupergraph([...changed, ...Object.entries(others).map(([name, sdl]) => ({ name, sdl }))]);
}
const withShelves = () => supergraph({}, { shelves: SHELVES });
const withoutNotes = () => supergraph({ people: (sdl) => sdl.replace(', note: String', '') });
const withNotesElsewhere = () => supergraph({ people: (sdl) => sdl.replace('type Visit {', 'type Visit @key(fields: "id") {') }, { notes: NOTES });

describe('requests', () => {
  test('none fails or is dropped while the graph changes twenty times, and each is answered by one graph', async () => {
    const [first, second] = [gateway.graph.supergraphSdl, await withShelves()];
    let stop = false;
    let asked = 0;
    const seen = new Set<string>();
    const ask = async (): Promise<void> => {
      while (!stop) {
        const { status, data, errors } = await gateway.ask('{ person(id: "1") { name things { id } } }');
        expect([status, errors]).toEqual([200, []]);
        seen.add(JSON.stringify(data.person.things));
        asked++;
      }
    };
    const asking = [ask(), ask(), ask(), ask()];
    for (let round = 0; round < 20; round++) {
      const before = asked;
      await gateway.reload(round % 2 === 0 ? second : first);
      await until(() => asked >= before + 2);
    }
    stop = true;
    await Promise.all(asking);
    expect(asked).toBeGreaterThan(20);
    for (const things of seen) expect(['[{"id":"0"}]', '[{"id":"0"},{"id":"1"}]']).toContain(things);
    expect(logged.filter(({ text }) => text === 'the supergraph has changed and is in use')).toHaveLength(20);
  });

  test('one under way ends on the graph that it began with, and the next has the new one', async () => {
    const query = '{ person(id: "1") { name shelf } }';
    expect((await gateway.ask(query)).errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const people = gateway.connections.get('people')!;
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    gateway.connections.set('people', {
      name: 'people',
      subscribe: (request) => people.subscribe(request),
      ready: () => people.ready(),
      async execute(request) {
        begun.resolve();
        await held.promise;
        return people.execute(request);
      },
    });
    const underWay = gateway.ask('{ person(id: "1") { things { id } } }');
    await begun.promise;
    await gateway.reload(await withShelves());
    held.resolve();
    expect(await underWay).toMatchObject({ data: { person: { things: [{ id: '0' }] } }, errors: [] });
    expect((await gateway.ask(query)).data).toEqual({ person: { name: 'person 1', shelf: 'in the hall' } });
    expect((await gateway.ask('{ __type(name: "Person") { fields { name } } }')).data.__type.fields).toContainEqual({ name: 'shelf' });
    expect(logged.at(-1)!.facts).toEqual({ added: { count: 1, fields: ['Person.shelf'] }, removed: { count: 0, fields: [] } });
  });
});

describe('a supergraph that cannot be used', () => {
  const refusals: [string, () => Promise<string>, RegExp][] = [
    ['is no GraphQL', async () => 'type Query {', /Syntax Error/],
    ['is empty', async () => '', /Syntax Error/],
    ['is no supergraph', async () => 'type Query { me: String }', /./],
    ['names a subgraph without a connection', () => supergraph({}, { elsewhere: SHELVES.replace(', shelf: String!', '') }), /names the subgraph elsewhere, to which there is no connection/],
  ];
  test.each(refusals)('that %s is refused with one line, and the one before stays in use', async (_, text, reason) => {
    const before = gateway.graph;
    await gateway.reload(await text());
    expect(logged).toMatchObject([{ level: 'error', text: 'what was read is refused, and what was in use before stays', facts: { reason: expect.stringMatching(reason) } }]);
    expect(gateway.graph).toBe(before);
    expect((await gateway.ask('{ person(id: "1") { name } }')).errors).toEqual([]);
  });

  test('is one that does not fit the operations of the contracts', async () => {
    const { current, connections } = gateway;
    const text = 'subscription Notes { visited { note } }';
    const operations = new StoredOperations([{ text, document: parse(text), operationName: 'Notes' }]);
    await operations.prepare(current.graph);
    const prepare = async (supergraphSdl: string): Promise<FederatedGraph> => {
      const graph = new PlannedGraph({ supergraphSdl, connections, subgraphTimeoutMs: 1_000, responseBytes: 1_000, executor: 'compiled', log: silentLog });
      await operations.prepare(graph);
      return graph;
    };
    const before = current.graph;
    await new SupergraphReload({ current, texts: new OperationTexts(readGatewaySettings({}).limits), read: withoutNotes, prepare, log: logOf() }).reload();
    expect(logged.at(-1)!.facts.reason).toContain('The stored operation Notes does not fit the graph: Cannot query field "note"');
    expect(current.graph).toBe(before);
    expect((await operations.planOf(text, 'Notes', before)).kind).toBe('subscription');
  });

  test('is followed by one that can, and the same text again changes nothing', async () => {
    await gateway.reload('nonsense');
    const text = await withShelves();
    await gateway.reload(text);
    const { graph } = gateway;
    await gateway.reload(text);
    expect(gateway.graph).toBe(graph);
    expect(logged.at(-1)!.text).toBe('the supergraph is read again: nothing has changed');
  });
});

describe('subscriptions', () => {
  const JOINED = 'subscription { visited { id person { things { id } } } }';

  test('go on with the joins of the new graph over the same source, without a gap', async () => {
    const socket = await socketOf('alice');
    const stream = kept(await TestEventStream.open(gateway.url, { query: JOINED }, { authorization: `Bearer ${gateway.subgraphs.credential('bob')}` }));
    socket.subscribe('a', JOINED);
    await listening(2);
    gateway.subgraphs.visit('2');
    await Promise.all([socket.results('a', 1), stream.next(1)]);
    await gateway.reload(await withShelves());
    // Events before every subscription has moved may have the joins of either.
    await until(() => logged.length > 0);
    for (let round = 0; round < 50; round++) {
      gateway.subgraphs.visit('2');
      await socket.results('a', round + 2);
    }
    await stream.next(51);
    const results = socket.data('a') as { visited: { id: string; person: { things: { id: string }[] } } }[];
    expect(results.map(({ visited }) => visited.id)).toEqual(Array.from({ length: 51 }, (_, index) => String(index + 1)));
    expect(results[0]!.visited.person.things).toEqual([{ id: '1' }]);
    expect(results.at(-1)!.visited.person.things).toEqual([{ id: '0' }, { id: '1' }]);
    expect((await stream.next(51)).at(-1)).toEqual({ data: { visited: { id: '51', person: { things: [{ id: '0' }, { id: '1' }] } } } });
    expect(gateway.subgraphs.opened).toBe(2);
  });

  test('that no longer validate end with an error that says why, and only those; the socket stays open', async () => {
    const socket = await socketOf('alice');
    const noted = 'subscription { visited { id note } }';
    const stream = kept(await TestEventStream.open(gateway.url, { query: noted }, { authorization: `Bearer ${gateway.subgraphs.credential('bob')}` }));
    socket.subscribe('gone', noted);
    socket.subscribe('replayed', 'subscription { visited(after: "0") { id note } }');
    socket.subscribe('stays', JOINED);
    await listening(4);
    await gateway.reload(await withoutNotes());
    for (const id of ['gone', 'replayed']) {
      const { payload } = await socket.until((message) => message.type === 'error' && message.id === id);
      expect(payload).toMatchObject([{ message: expect.stringContaining('The graph has changed'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
      expect(payload[0].message).toContain('"note"');
    }
    expect(await stream.completed()).toBe(true);
    expect(await stream.next(1)).toMatchObject([{ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }]);
    gateway.subgraphs.visit('1');
    await socket.results('stays', 1);
    socket.subscribe('gone', 'subscription { visited { id } }');
    await listening(2);
    gateway.subgraphs.visit('1');
    expect((await socket.results('gone', 1))[0]).toEqual({ visited: { id: '2' } });
    expect(gateway.subgraphs.visitors).toBe(2);
  });

  test('whose source needs another form open it anew and miss no event and repeat none', async () => {
    const socket = await socketOf('alice');
    socket.subscribe('a', 'subscription { visited { number: id note } }');
    socket.subscribe('b', 'subscription { visited(after: "0") { note person { name } } }');
    await listening(2);
    let written = 0;
    let stop = false;
    const visiting = (async () => {
      while (!stop) {
        gateway.subgraphs.visit('1', 'a note of people');
        written++;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    await socket.results('a', 5);
    await gateway.reload(await withNotesElsewhere());
    await until(() => socket.data('a').at(-1).visited.note.startsWith('note of visit'));
    await until(() => socket.data('b').at(-1).visited.note.startsWith('note of visit'));
    await gateway.reload(await supergraph());
    await until(() => socket.data('a').at(-1).visited.note === 'a note of people');
    // What takes over waits for an event that both tell of.
    await until(() => gateway.subgraphs.visitors === 2);
    stop = true;
    await visiting;
    const results = (await socket.results('a', written)) as { visited: { number: string } }[];
    await socket.results('b', written);
    expect(results.map(({ visited }) => visited.number)).toEqual(Array.from({ length: written }, (_, index) => String(index + 1)));
    expect(Object.keys(results[0]!.visited)).toEqual(['number', 'note']);
    expect(socket.messages.filter(({ type }) => type === 'error')).toEqual([]);
  });

  test('are joined in the old way where the new source cannot be opened, until the next change', async () => {
    const socket = await socketOf('alice');
    socket.subscribe('a', 'subscription { visited { id note } }');
    await listening();
    const people = gateway.connections.get('people')!;
    gateway.connections.set('people', { name: 'people', execute: (request) => people.execute(request), ready: () => people.ready(), subscribe: () => Promise.reject(new Error('away')) });
    await gateway.reload(await withNotesElsewhere());
    gateway.subgraphs.visit('1', 'a note of people');
    expect(await socket.results('a', 1)).toEqual([{ visited: { id: '1', note: 'a note of people' } }]);
  });
});
