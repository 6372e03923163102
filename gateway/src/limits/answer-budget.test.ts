import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { anonymous } from '@hutong/common';
import { parse } from 'graphql';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestEventStream } from '../testkit/test-event-stream.js';
import { TestSocket } from '../testkit/test-socket.js';

const BYTES = 100_000;
const MEGABYTE = 1024 * 1024;
const REFUSED = { message: `response: at most ${BYTES} bytes allowed`, extensions: { code: 'LIMIT_EXCEEDED' } };

let gateway: TestGateway;
let credential: string;
beforeAll(async () => {
  gateway = await testGateway({ LIMIT_RESPONSE_BYTES: String(BYTES) });
  credential = gateway.subgraphs.credential('alice');
});
afterAll(() => gateway.stop());
beforeEach(() => Object.assign(gateway.subgraphs, { texts: 0, rows: 0, joins: 0 }));

const aliased = (field: string, times: number): string => Array.from({ length: times }, (_, n) => `a${n}: ${field}`).join(' ');

test.each([
  ['texts that are there', '{ rows(count: 1000) { text(bytes: 1000) } }'],
  ['texts that are computed', '{ rows(count: 1000) { computed(bytes: 1000) } }'],
  ['values of any shape', '{ rows(count: 1000) { blob(bytes: 1000) } }'],
  ['aliases', `{ rows(count: 100) { ${aliased('text(bytes: 100)', 15)} computed(bytes: 1000) } }`],
  ['fragments that nest lists', 'query { rows(count: 30) { ...a } } fragment a on Row { rows(count: 30) { ...b } } fragment b on Row { rows(count: 30) { ...c } } fragment c on Row { id text(bytes: 200) }'],
])('an answer that grows too large by %s is given up while it is made', async (_what, query) => {
  const { status, data, errors } = await gateway.ask(query);
  expect([status, data, errors]).toEqual([413, undefined, [REFUSED]]);
});

test('resolvers are not called any more once an answer is too large', async () => {
  expect((await gateway.ask('{ rows(count: 10000) { text(bytes: 1000) } }')).status).toBe(413);
  expect(gateway.subgraphs.texts).toBeLessThan(300);
  expect((await gateway.ask('{ rows(count: 50) { rows(count: 50) { rows(count: 50) { id } } } }')).status).toBe(413);
  expect(gateway.subgraphs.rows).toBeLessThan(40_000);
});

test('other subgraphs are not asked any more once an answer is too large', async () => {
  gateway.subgraphs.asked.length = 0;
  const { errors } = await gateway.ask('{ rows(count: 300) { text(bytes: 1000) owner { name } } }');
  expect([errors, gateway.subgraphs.asked]).toEqual([[REFUSED], []]);
});

test('the root fields of a mutation that come after one whose answer is too large are not run', async () => {
  const before = gateway.subgraphs.renamed;
  const { errors } = await gateway.ask(`mutation { a: rename(id: "1", name: "${'x'.repeat(10_000)}") { ${aliased('name', 13).replaceAll('a', 'n').replaceAll('nnme', 'name')} } rename(id: "2", name: "y") { id } }`);
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(['LIMIT_EXCEEDED']);
  expect(gateway.subgraphs.renamed - before).toBeLessThanOrEqual(2);
});

test('as much as is allowed is answered, and so is the next request', async () => {
  const { data, errors } = await gateway.ask('{ rows(count: 90) { text(bytes: 1000) owner { name } } }');
  expect(errors).toEqual([]);
  expect(data.rows).toHaveLength(90);
});

test('what is large only as JSON is refused without being written out', async () => {
  const long = 'n'.repeat(900);
  const { status, errors } = await gateway.ask(`{ rows(count: 300) { ${Array.from({ length: 14 }, (_, n) => `${long}${n}: __typename`).join(' ')} } }`);
  expect([status, errors]).toEqual([413, [REFUSED]]);
});

test('operations of contracts stop at the same size', async () => {
  const text = 'query Rows { rows(count: 10000) { text(bytes: 1000) } }';
  const planned = await gateway.graph.plan({ text, document: parse(text), operationName: 'Rows' });
  const run = gateway.graph.execute(planned, {}, { caller: anonymous, origin: 'stored', requestId: 'r', signal: new AbortController().signal });
  await expect(run).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(gateway.subgraphs.texts).toBeLessThan(300);
});

test('an event that is too large is refused alone, and the subscription goes on', async () => {
  const socket = await TestSocket.acknowledged(gateway.url, credential);
  const stream = await TestEventStream.open(gateway.url, { query: 'subscription { visited { id text(bytes: 300000) } }' }, { token: credential });
  socket.subscribe('1', 'subscription { visited { id person { things { id } } text(bytes: 300000) } }');
  await expect.poll(() => gateway.subgraphs.visitors).toBe(2);
  gateway.subgraphs.visit('1');
  gateway.subgraphs.visit('1');
  await expect.poll(() => socket.of('1').length).toBe(2);
  expect(socket.of('1').map(({ type, payload }) => [type, payload])).toEqual([
    ['next', { data: null, errors: [REFUSED] }],
    ['next', { data: null, errors: [REFUSED] }],
  ]);
  expect(await stream.next(2)).toEqual([{ data: null, errors: [REFUSED] }, { data: null, errors: [REFUSED] }]);
  socket.end();
  stream.end();
});

test('queries over a WebSocket and a stream stop at the same size', async () => {
  const query = '{ rows(count: 10000) { text(bytes: 1000) } }';
  const socket = await TestSocket.acknowledged(gateway.url);
  socket.subscribe('1', query);
  const { type, payload } = await socket.until(({ id }) => id === '1');
  expect([type, payload]).toEqual(['error', [REFUSED]]);
  const stream = await TestEventStream.open(gateway.url, { query });
  expect(stream.status).toBe(413);
  expect(gateway.subgraphs.texts).toBeLessThan(600);
  socket.end();
  stream.end();
});

test('memory stays flat while answers of a gigabyte are asked for', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const large = await testGateway();
  const limit = 10 * MEGABYTE;
  const held = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const query = '{ rows(count: 1000) { rows(count: 1000) { text(bytes: 1000) computed(bytes: 1000) owner { name } } } }';
  try {
    await large.ask(query);
    const before = held();
    let most = 0;
    // In the middle of the work: some of the texts are there, and others wait.
    large.subgraphs.whenTexts(10_000, () => (most = Math.max(most, held())));
    for (let round = 0; round < 3; round += 1) expect((await large.ask(query)).status).toBe(413);
    expect(most - before).toBeLessThan(10 * limit);
    expect(held() - before).toBeLessThan(limit / 2);
  } finally {
    await large.stop();
  }
});
