import { connect } from 'node:net';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { transports } from '../testkit/transports.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway({ REQUEST_TIMEOUT_SECONDS: '2' });
});
afterAll(() => gateway.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const NEWER = { accept: 'application/graphql-response+json' };
const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = JSON_TYPE) => gateway.request('/graphql', { method: 'POST', headers, body });

describe('the audits of GraphQL over HTTP', () => {
  // Our prevention of cross-site requests asks a GET for a header that a form cannot send.
  const fetchFn = (url: string, init: RequestInit = {}) => fetch(url, { ...init, headers: { 'apollo-require-preflight': 'true', ...(init.headers as Record<string, string>) } });
  const audits = serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn });

  test.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id $name', async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: 'ok' });
  });
});

test('a query may be a GET with the preflight header, and is refused without it', async () => {
  const path = `/graphql?query=${encodeURIComponent('{ people { nodes { name } } }')}`;
  expect((await gateway.request(path, { headers: { 'apollo-require-preflight': '1' } })).data.people.nodes).toHaveLength(3);
  const refused = await gateway.request(path);
  expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
  expect(refused.errors[0]?.message).toContain('a GET needs the header "apollo-require-preflight: true"');
});

test.each([
  ['variables', '{'],
  ['extensions', '{'],
  ['variables', '[]'],
])('a GET whose %s are broken is refused, naming them', async (parameter, value) => {
  const search = new URLSearchParams({ query: '{ people { nodes { name } } }', [parameter]: value }).toString();
  const { status, errors } = await gateway.request(`/graphql?${search}`, { headers: { 'apollo-require-preflight': '1' } });
  expect([status, errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
  expect(errors[0]?.message).toContain(parameter);
});

test('a refusal is told in the words of the platform, not of the libraries it is made of', async () => {
  const production = await testGateway({ NODE_ENV: 'production' });
  const introspection = await production.ask('{ __schema { queryType { name } } }');
  await production.stop();
  const [nothing, put] = [await post('{}'), await gateway.request('/graphql', { method: 'PUT', headers: JSON_TYPE, body: '{"query":"{ __typename }"}' })];
  const told = [introspection, nothing, put].map(({ errors }) => errors[0]!.message);
  expect(told).toEqual([expect.stringContaining('introspection is switched off'), expect.stringContaining('send {"query"'), expect.stringContaining('only GET and POST')]);
  expect(told.join(' ')).not.toContain('Apollo');
});

test('a mutation by GET is refused and does nothing', async () => {
  const before = gateway.subgraphs.renamed;
  const query = encodeURIComponent('mutation { rename(id: "1", name: "x") { id } }');
  const { status, headers, errors } = await gateway.request(`/graphql?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
  expect([status, headers.get('allow'), errors[0]?.extensions.code]).toEqual([405, 'POST', 'BAD_INPUT']);
  expect(gateway.subgraphs.renamed).toBe(before);
});

test.each([
  ['a form', 'application/x-www-form-urlencoded', 'query=%7Bme%7Bid%7D%7D'],
  ['plain text', 'text/plain', '{"query":"{ __typename }"}'],
  ['another charset', 'application/json; charset=gbk', '{"query":"{ __typename }"}'],
  ['no type', '', '{"query":"{ __typename }"}'],
])('%s is refused as a body, naming the header to send', async (_what, type, body) => {
  const { status, errors } = await post(new Blob([body]), { 'content-type': type });
  expect([status, errors[0]?.extensions.code]).toEqual([415, 'BAD_INPUT']);
  expect(errors[0]?.message).toContain('Content-Type: ');
});

test.each([
  ['an empty body', '', 'empty'],
  ['broken JSON', '{"query": ', 'not valid JSON'],
  ['broken UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not valid UTF-8'],
  ['a batch', '[{"query":"{ __typename }"}]', 'batch'],
  ['a number', '7', 'must be a JSON object'],
  ['null', 'null', 'must be a JSON object'],
  ['an empty object', '{}', 'the body has no query'],
  ['a query that is a number', '{"query": 7}', 'must be strings'],
  ['variables that are a text', '{"query":"{ __typename }","variables":"{}"}', 'variables'],
  ['no query', '{"variables":{}}', 'non-empty `query`'],
])('%s is answered with 400 and what is wrong', async (_what, body, part) => {
  const { status, errors, text } = await post(body);
  expect([status, errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
  expect(errors[0]?.message).toContain(part);
  expect(text).not.toMatch(/stack|node_modules/);
});

test('a body that claims to be compressed and is not is refused', async () => {
  const { status, errors } = await post('{"query":"{ __typename }"}', { ...JSON_TYPE, 'content-encoding': 'gzip' });
  expect([status, errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
  expect((await post('{}', { ...JSON_TYPE, 'content-encoding': 'lzma' })).status).toBe(415);
});

test('a wrong operation says where it is wrong, with the status that its caller asks for', async () => {
  const syntax = await gateway.ask('{ people { ', { headers: NEWER });
  expect([syntax.status, syntax.errors[0]]).toMatchObject([400, { locations: [{ line: 1 }], extensions: { code: 'GRAPHQL_PARSE_FAILED' } }]);
  const unknown = await gateway.ask('{ nobody }', { headers: NEWER });
  expect([unknown.status, unknown.errors[0]?.extensions]).toEqual([400, { code: 'GRAPHQL_VALIDATION_FAILED' }]);
  expect((await gateway.ask('{ nobody }')).status).toBe(200);
});

test('a value that does not fit names its place in the variables, and nothing is asked of a subgraph', async () => {
  const query = 'mutation ($input: AddPeopleInput!) { addPeople(input: $input) }';
  gateway.subgraphs.asked.length = 0;
  const { data, errors } = await gateway.ask(query, { variables: { input: { people: [{ name: 'a', age: 1 }, { name: 'b', age: 'old' }, { age: 2147483648 }] } } });
  expect(data).toBeUndefined();
  expect(errors.map(({ extensions }) => extensions)).toEqual([
    { code: 'BAD_INPUT', field: 'input.people[1].age' },
    { code: 'BAD_INPUT', field: 'input.people[2]' },
    { code: 'BAD_INPUT', field: 'input.people[2].age' },
  ]);
  expect((await gateway.ask(query)).errors[0]?.extensions).toEqual({ code: 'BAD_INPUT', field: 'input' });
  expect(gateway.subgraphs.asked).toEqual([]);
});

describe.each(transports)('over %s', (_name, ask) => {
  test.each([
    ['a condition', 'query ($value: Boolean = true) { person(id: "1") { id name @include(if: $value) } }', 'Boolean!'],
    ['a condition in a fragment', 'query ($value: Boolean = true) { person(id: "1") { ...p } } fragment p on Person { id ... @skip(if: $value) { name } }', 'Boolean!'],
    ['an argument', 'query ($value: Int = 3) { text(bytes: $value) }', 'Int!'],
    ['an argument of the schema', 'query ($value: String = "Person") { __type(name: $value) { name } }', 'String!'],
  ])('null for a variable with a default is refused where %s may not be null', async (_where, query, type) => {
    const { data, errors } = await ask(gateway, query, { value: null });
    expect(data).toBeUndefined();
    expect(errors).toEqual([{ message: `value: expected a value of type ${type}, got null; leave it out for its default`, extensions: { code: 'BAD_INPUT', field: 'value' } }]);
  });
});

test('null for a variable with a default stands where null may', async () => {
  const query = 'query People($first: Int = 1) { people(first: $first) { nodes { id } } } query Text($first: Int = 1) { text(bytes: $first) }';
  const { data } = await post(JSON.stringify({ query, operationName: 'People', variables: { first: null } }));
  expect(data.people.nodes).toHaveLength(3);
});

test('variables of valid but unusual text reach the subgraph as they were sent', async () => {
  const name = `'; drop table x; -- <b>😀</b> \u202Eabc 互通`;
  const { data } = await gateway.ask('mutation ($name: String!) { rename(id: "1", name: $name) { name } }', { variables: { name } });
  expect(data).toEqual({ rename: { name } });
});

test('which of several operations is meant must be said', async () => {
  const query = 'query A { people { nodes { id } } } query B { me { id } }';
  expect((await gateway.ask(query)).errors[0]).toMatchObject({ message: 'operationName: the document has 2 operations; name one of them', extensions: { code: 'BAD_INPUT' } });
  expect((await gateway.ask(query, { operationName: 'C' })).errors[0]?.message).toBe('operationName: the document has no operation named "C"');
  expect((await gateway.ask(query, { operationName: 'A' })).data.people.nodes).toHaveLength(3);
});

test('a subscription is told that HTTP does not answer it', async () => {
  const { errors } = await gateway.ask('subscription { personAdded { id } }');
  expect(errors[0]).toMatchObject({ message: expect.stringContaining('Accept: text/event-stream'), extensions: { code: 'BAD_INPUT' } });
});

test.each([
  ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8', 400, 'application/graphql-response+json; charset=utf-8'],
  ['application/json; charset=UTF-8, application/graphql-response+json;q=0.5', 200, 'application/json; charset=utf-8'],
])('one who accepts %s, with its charset, is answered with status %i, as %s', async (accept, refused, type) => {
  for (const [query, status] of [['{ nobody }', refused], ['{ people { nodes { id } } }', 200], ['{ people { nodes { id } } }', 200]] as const) {
    const answer = await gateway.ask(query, { headers: { accept } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, type]);
  }
});

// Apollo Client sends the third one with every request.
describe.each([
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json,application/json;q=0.9',
  'application/json;charset=utf-8, application/graphql-response+json;q=0.5',
])('to one who accepts %s', (accept) => {
  test.each<[what: string, body: object, more?: Record<string, string>]>([
    ['an operation', { query: '{ people { nodes { id name } } }' }],
    ['one that fails in part', { query: '{ people { nodes { id } } me { id } }' }],
    ['one that is not valid', { query: '{ nobody }' }],
    ['a value that does not fit', { query: 'query ($id: ID!) { person(id: $id) { id } }', variables: { id: [] } }],
    ['a subscription', { query: 'subscription { personAdded { id } }' }],
    ['a batch', [{ query: '{ __typename }' }]],
    ['nothing', {}],
    ['an unknown credential', { query: '{ people { nodes { id name } } }' }, { authorization: 'Bearer nobody-knows-me' }],
  ])('%s is answered the same, for the first time or again, whether its length is told or it comes in pieces', async (_what, body, more: Record<string, string> = {}) => {
    const json = JSON.stringify(body);
    const pieces = () =>
      new ReadableStream({
        start(to) {
          for (const byte of Buffer.from(json)) to.enqueue(Uint8Array.of(byte));
          to.close();
        },
      });
    const answers: object[] = [];
    for (const sent of [json, pieces(), json, pieces()]) {
      const { status, headers, text } = await gateway.request('/graphql', { method: 'POST', headers: { ...JSON_TYPE, accept, ...more }, body: sent, duplex: 'half' });
      answers.push({ status, text, headers: ['content-type', 'cache-control', 'x-content-type-options', 'www-authenticate'].map((name) => headers.get(name)) });
    }
    expect(answers.slice(1)).toEqual(answers.slice(1).map(() => answers[0]));
  });
});

test('every answer carries the request id that was sent, or a new one when it is unsound', async () => {
  const id = (await gateway.ask('{ __typename }', { headers: { 'x-request-id': 'abc-1' } })).headers.get('x-request-id');
  expect(id).toBe('abc-1');
  const unsound = (await gateway.ask('{ __typename }', { headers: { 'x-request-id': 'a b' } })).headers.get('x-request-id');
  expect(unsound).toMatch(/^[0-9a-f-]{36}$/);
  expect((await gateway.request('/nowhere')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('a request that takes too long is answered when its time is over', async () => {
  const { data, errors } = await gateway.ask('{ stall me { id } }', { headers: { token: gateway.subgraphs.credential('alice') } });
  expect(data).toEqual({ stall: null, me: null });
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(['TIMEOUT', 'TIMEOUT']);
  expect(errors[0]?.message).toBe('The request did not finish within 2 s');
});

test('a caller that goes away ends the work it asked for', async () => {
  const before = gateway.subgraphs.aborted;
  const controller = new AbortController();
  const asked = gateway.subgraphs.asked.length;
  const request = fetch(`${gateway.url}/graphql`, { method: 'POST', headers: JSON_TYPE, body: '{"query":"{ stall }"}', signal: controller.signal });
  await expect.poll(() => gateway.subgraphs.asked.length).toBeGreaterThan(asked);
  controller.abort();
  await expect(request).rejects.toThrow('aborted');
  await expect.poll(() => gateway.subgraphs.aborted).toBe(before + 1);
});

test('a path that is not there is answered in JSON, a broken one too', async () => {
  expect(await gateway.request('/nowhere')).toMatchObject({ status: 404, errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  expect((await gateway.request('/%E0%A4%A')).status).toBeLessThan(500);
});

test('a target that is no URL is refused in JSON', async () => {
  const { hostname, port } = new URL(gateway.url);
  const received = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write('GET http:// HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    socket.on('data', (chunk) => (text += chunk.toString())).on('error', reject).on('close', () => resolve(text));
  });
  expect(received).toMatch(/^HTTP\/1\.1 400 .*\r\nx-request-id: \S+\r\n.*application\/json; charset=utf-8.*"code":"BAD_INPUT"/is);
});

test('what is no HTTP ends the connection and not the server', async () => {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.write('\u0000\u0001 rubbish\r\n\r\n');
  const [answer] = (await new Promise<Buffer[]>((resolve) => socket.once('data', (chunk) => resolve([chunk])))) as [Buffer];
  expect(answer.toString()).toContain('400');
  expect((await gateway.ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
});

test('health and readiness are told, and readiness names what is down', async () => {
  expect((await gateway.request('/healthz')).text).toBe('{"status":"ok"}');
  expect((await gateway.request('/readyz')).text).toBe('{"status":"ready"}');
  const connection = gateway.connections.get('things')!;
  gateway.connections.delete('things');
  const { status, text } = await gateway.request('/readyz');
  gateway.connections.set('things', connection);
  expect([status, JSON.parse(text)]).toEqual([503, { status: 'unavailable', unavailable: ['things'] }]);
});

describe('in production', () => {
  let production: TestGateway;
  beforeAll(async () => {
    production = await testGateway({ NODE_ENV: 'production' });
  });
  afterAll(() => production.stop());

  test.each(transports)('over %s the schema is not told, neither by introspection nor by suggestions', async (_name, ask) => {
    const messages = async (query: string, variables?: Record<string, unknown>): Promise<string> => {
      const { errors } = await ask(production, query, variables);
      expect(errors).not.toEqual([]);
      for (const { extensions } of errors) expect(Object.keys(extensions)).toEqual(extensions.field === undefined ? ['code'] : ['code', 'field']);
      return errors.map(({ message }) => message).join('\n');
    };
    expect((await ask(production, '{ __schema { types { name } } }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect((await ask(production, '{ __type(name: "Person") { name } }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await messages('{ peopel { nodes { id } } }')).not.toContain('people');
    expect(await messages('{ people(frist: 1) { nodes { id } } }')).not.toContain('first');
    expect(await messages('{ mood(of: HAPY) }')).not.toContain('HAPPY');
    expect(await messages('query ($of: Mood!) { mood(of: $of) }', { of: 'HAPY' })).not.toContain('HAPPY');
    expect(await messages('mutation ($input: AddPeopleInput!) { addPeople(input: $input) }', { input: { poeple: [] } })).not.toContain('Did you mean');
    expect(await messages('subscription { visitde { id } }')).not.toContain('visited');
  });

  test.each(transports)('over %s a failure shows no stack', async (_name, ask) => {
    const { errors } = await ask(production, 'mutation { fail(how: "badly") }');
    expect(JSON.stringify(errors)).not.toMatch(/stack|swordfish|node_modules|\.js/);
    expect(errors[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
  });

  test('elsewhere the schema is told', async () => {
    expect((await gateway.ask('{ peopel { nodes { id } } }')).errors[0]?.message).toContain('people');
    expect((await gateway.ask('{ __schema { queryType { name } } }')).data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });

  test('there is no playground', async () => {
    expect((await production.request('/')).status).toBe(404);
    expect((await production.request('/playground/ruru.js')).status).toBe(404);
  });
});
