import { gzipSync } from 'node:zlib';
import { contracts, type Route } from '@hutong/rest-compat';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin, type Actor } from '../testkit/actor.js';
import { LONG, UNSTORABLE_TEXTS } from '../testkit/bad-values.js';
import { sendAs } from '../testkit/http.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';
import { StoredRows } from '../testkit/stored-rows.js';

// Every legacy route with fields it should not get, and `/graphql` with requests that are none. Refused, never with 500,
// and nothing is stored. A new route is covered by itself.

let platform: Platform;
let root: Actor;
let stored: StoredRows;

beforeAll(async () => {
  platform = await startPlatform({ environment: { ENGINE_DRIVER: 'local' } });
  root = await admin(platform);
  await root.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
  stored = await StoredRows.open(platform.databaseUrl!);
});
afterAll(async () => {
  await stored?.close();
  await platform?.dispose();
});

/** Good bodies; a route without one here is sent an empty object. */
const GOOD: Record<string, Record<string, unknown>> = {
  '/api/v1/computing_ids': { computing_ids: [SAMPLE_IDENTIFIER] },
  '/api/v1/computing_resources': { computing_resources: [sampleReport()] },
  '/api/v1/task_path': { task_id: 1, computing_resource_id: 1, result: true },
  '/ai_arts/api/models': { name: 'm', path: 'model/none' },
  '/ai_arts/api/trainings': { name: 't', engine: 'bash', codePath: 'code/none', startupFile: 'x.sh' },
  '/ai_arts/api/datasets': { name: 'd', description: 'd', path: 'dataset/none' },
  '/ai_arts/api/datasets/register': { name: 'd', description: 'd', path: 'dataset/none' },
  '/api/ticket': { username: 'admin', password: ADMIN_PASSWORD },
};

const BAD_VALUES: unknown[] = [
  null, undefined, true, {}, [], [[]], { deep: [{}] }, -1, 1.5, 2 ** 31, 2 ** 53 + 2, 1e308, '', ' ', 'x', 'NaN', '-1', LONG, ...UNSTORABLE_TEXTS, "'; drop table x; --", '🚀',
];

type Shape = { shape?: Record<string, unknown> } | undefined;
const namesIn = (shape: unknown): string[] => Object.keys((shape as Shape)?.shape ?? {});

interface BodyPlace {
  title: string;
  bodyWith(value: unknown): unknown;
}

/** Every field of a route's body that its table names. */
function placesOf(path: string, { takes }: Extract<Route, { operation: string }>): BodyPlace[] {
  const good = GOOD[path] ?? {};
  if (takes.from === 'body') return namesIn(takes.shape).map((name) => ({ title: name, bodyWith: (value) => ({ ...good, [name]: value }) }));
  if (takes.from !== 'batch') return [];
  const elements = good[String(takes.list)] as unknown[];
  const name = String(takes.list);
  const list = { title: name, bodyWith: (value: unknown) => ({ [name]: value }) };
  const element = { title: `${name}[1]`, bodyWith: (value: unknown) => ({ [name]: [...elements, value] }) };
  const inside = namesIn(takes.element).map((field) => ({
    title: `${name}[1].${field}`,
    bodyWith: (value: unknown) => ({ [name]: [...elements, { ...(elements[0] as object), [field]: value }] }),
  }));
  return [list, element, ...inside];
}

const routes = contracts.flatMap(({ prefix, routes }) => routes.map((row) => ({ path: prefix + row.path, method: row.method, row })));
const bodies = routes.flatMap(({ path, row }) => ('operation' in row ? placesOf(path, row).map((place) => ({ path, title: place.title, place })) : []));
const queries = routes.flatMap(({ path, row }) => ('operation' in row && row.takes.from === 'query' ? namesIn(row.takes.shape).map((name) => ({ path, name })) : []));

/** Neither an HTTP 5xx nor a code 500, and an answer in JSON. */
function isProper({ status, json }: { status: number; json: { code?: number } | undefined }): boolean {
  return status < 500 && json !== undefined && json.code !== 500;
}

test('the tables of the contracts have routes with bodies and with queries', () => {
  expect([bodies.length > 20, queries.length > 4]).toEqual([true, true]);
});

test.each(bodies)('POST $path answers every bad $title properly, and stores nothing that it refuses', async ({ path, place }) => {
  const faults: string[] = [];
  for (const value of BAD_VALUES) {
    const before = await stored.read();
    const answer = await sendAs(root, { method: 'POST', path, body: place.bodyWith(value) });
    const shown = `${JSON.stringify(value)?.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 200)}`;
    const wasTaken = answer.status === 200 && (answer.json?.code ?? 0) === 0;
    if (!isProper(answer)) faults.push(`failed: ${shown}`);
    if (wasTaken && typeof value === 'string' && UNSTORABLE_TEXTS.includes(value)) faults.push(`taken: ${shown}`);
    if (!wasTaken && JSON.stringify(await stored.read()) !== JSON.stringify(before)) faults.push(`stored something: ${shown}`);
  }
  expect(faults).toEqual([]);
}, 60_000);

test.each(queries)('GET $path answers every bad $name properly', async ({ path, name }) => {
  const values = ['', '0', '-1', '1.5', '2147483648', '9007199254740993', 'NaN', '%00', '%ff', '%ed%a0%80', '%', '%zz', '[]', '%27%20or%201=1', 'x'.repeat(3_000), '%F0%9F%9A%80', '%25', '_'];
  const faults: string[] = [];
  for (const value of values) {
    for (const query of [`page=1&page_size=1&${name}=${value}`, `${name}=${value}`, `${name}=${value}&${name}=${value}`, `${name}[a]=${value}`]) {
      const answer = await sendAs(root, { path: `${path}?${query}` });
      if (!isProper(answer)) faults.push(`${query.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  }
  expect(faults).toEqual([]);
});

describe('POST /graphql', () => {
  const raw = (body: string | Uint8Array, headers: Record<string, string> = {}) => sendAs(root, { method: 'POST', path: '/graphql', body, headers });
  const SAVE = 'mutation ($gpu: String!) { saveMachines(input: { machines: [{ id: "7", cpus: 1, status: RUNNING, memoryBytes: 1, gpu: $gpu, ip: "10.0.0.1" }] }) { id } }';

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''], ['half an object', '{"query": "{'], ['a list', '[]'], ['a batch', '[{"query":"{ __typename }"},{"query":"{ __typename }"}]'], ['null', 'null'], ['a text', '"{ me { id } }"'],
    ['NaN', '{"query": NaN}'], ['an object without a query', '{}'], ['a query of null', '{"query":null}'], ['a query of a number', '{"query":7}'], ['a query of a list', '{"query":["{ me { id } }"]}'], ['an empty query', '{"query":""}'],
    ['a query that does not parse', '{"query":"{ me { "}'], ['a field that nobody has', '{"query":"{ nobody }"}'], ['two operations and no name', '{"query":"query A { __typename } query B { __typename }"}'],
    ['an operation of another name', '{"query":"query A { __typename }","operationName":"B"}'], ['variables of a text', '{"query":"{ __typename }","variables":"x"}'], ['variables of a list', '{"query":"{ __typename }","variables":[1]}'],
    ['an operation name of a number', '{"query":"{ __typename }","operationName":7}'], ['broken UTF-8', Buffer.from('7b227175657279223a22ff227d', 'hex')], ['only comments', '{"query":"# nothing"}'], ['a fragment alone', '{"query":"fragment F on Query { __typename }"}'],
    ['a subscription', '{"query":"subscription { taskChanged(id: \\"1\\") { id } }"}'], ['a field that answers peers only', '{"query":"{ resolveCredential(credential: \\"x\\") { userId } }"}'], ['an entity by its representation', '{"query":"{ _entities(representations: []) { __typename } }"}'],
  ])('with %s is refused with a code', async (_, body) => {
    const { status, json, text, headers } = await raw(body);
    expect(json?.errors?.[0]?.extensions?.code, text).toMatch(/^[A-Z_]+$/);
    expect(json.errors[0].extensions.code).not.toBe('INTERNAL_SERVER_ERROR');
    expect(status).toBeLessThan(500);
    expect(headers['content-type']).toMatch(/json/);
    expect(text).not.toMatch(/node_modules|\n\s+at /);
  });

  test.each([
    ['characters', `{ __typename ${' '.repeat(16_000)} }`],
    ['tokens', `{ ${'__typename '.repeat(1_100)} }`],
    ['depth', '{ computingResources { nodes { history { nodes { __typename } } } edges { node { history { edges { node { __typename } } } } } } tasks { nodes { owner { __typename } offers { nodes { resource { history { edges { node { __typename } } } } } } chosen { history { edges { node { __typename } } } } } } }'],
    ['aliases', `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: __typename`).join(' ')} }`],
    ['directives', `{ __typename ${'@include(if: true) '.repeat(51)} }`],
    ['cost', '{ tasks(first: 100) { nodes { offers(first: 100) { nodes { resource { id } } } } } }'],
    ['page', '{ users(first: 101) { totalCount } }'],
  ])('over the limit of %s is refused', async (_, query) => {
    const { status, json, text } = await raw(JSON.stringify({ query }));
    expect(json.errors?.[0]?.extensions?.code, text).toMatch(/^LIMIT_EXCEEDED$|^GRAPHQL_VALIDATION_FAILED$|^BAD_INPUT$/);
    expect(status).toBeLessThan(500);
  });

  test('over the limit of bytes is refused with 413, also when it is compressed', async () => {
    const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(2 * 1024 * 1024) } });
    for (const answer of [await raw(body), await raw(gzipSync(body), { 'content-encoding': 'gzip' })]) {
      expect([answer.status, answer.json.errors[0].extensions.code]).toEqual([413, 'LIMIT_EXCEEDED']);
    }
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])('with the type %j, which a foreign page can send, is refused', async (type) => {
    const { status, json } = await raw('{"query":"{ __typename }"}', { 'content-type': type });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(json.errors[0].extensions.code).toMatch(/^[A-Z_]+$/);
  });

  test('a mutation by GET is refused and does nothing', async () => {
    const before = await stored.read();
    const query = encodeURIComponent('mutation { saveMachines(input: { machines: [{ id: "9", cpus: 1, status: RUNNING, memoryBytes: 1, gpu: "", ip: "10.0.0.1" }] }) { id } }');
    const { status, json } = await sendAs(root, { path: `/graphql?query=${query}`, headers: { 'apollo-require-preflight': 'true' } });
    expect([status >= 400 && status < 500, json?.errors?.length]).toEqual([true, 1]);
    expect(await stored.read()).toEqual(before);
  });

  test.each(UNSTORABLE_TEXTS)('text that cannot be stored (%j) is refused in a variable and in the document itself', async (text) => {
    const before = await stored.read();
    const answers = [await raw(JSON.stringify({ query: SAVE, variables: { gpu: text } })), await raw(JSON.stringify({ query: SAVE.replace('($gpu: String!) ', '').replace('$gpu', JSON.stringify(text)) }))];
    for (const { json } of answers) expect(json.errors?.[0]?.extensions?.code).toMatch(/^BAD_INPUT$|^GRAPHQL_(PARSE|VALIDATION)_FAILED$/);
    expect(await stored.read()).toEqual(before);
  });

  test.each(['2147483648', '-2147483649', '9007199254740993', '1e10', '"1"', 'NaN'])('the number %s in the document is refused where an Int stands', async (literal) => {
    const { json } = await raw(JSON.stringify({ query: `{ users(first: ${literal}) { totalCount } }` }));
    expect(json.errors?.[0]?.extensions?.code).toMatch(/^BAD_INPUT$|^GRAPHQL_VALIDATION_FAILED$/);
  });

  test('2^53+1 as a JSON number is refused where an Int stands', async () => {
    const { json } = await raw('{"query":"query ($n: Int) { users(first: $n) { totalCount } }","variables":{"n":9007199254740993}}');
    expect(json.errors?.[0]?.extensions?.code).toBe('BAD_INPUT');
  });
});

describe('unusual text comes back as it was sent', () => {
  const TEXTS = ["Robert'); DROP TABLE students;--", '<b onclick="alert(1)">&amp;</b>', '👩‍👩‍👧 🚀', '\u202Eשלום עולם', '互通', 'é vs é', '$1 ${x} {{y}} %s \\n', '" \\ / \t', 'null'];

  test.each(TEXTS)('%j', async (text) => {
    const { saveMachines } = await root.ask(
      'mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { name gpu attributes } }',
      { input: { machines: [{ id: '77', cpus: 1, status: 'RUNNING', memoryBytes: 1, ip: '10.0.0.1', name: text, gpu: text, attributes: { [text]: [text] } }] } },
    );
    expect(saveMachines).toEqual([{ name: text, gpu: text, attributes: { [text]: [text] } }]);
    const { nameCode } = await root.ask('mutation ($input: NameCodeInput!) { nameCode(input: $input) { name } }', { input: { kind: 'ORGANIZATION', code: '31340', name: text } });
    expect(nameCode.name).toBe(text);
    const { submitTask } = await root.ask('mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { template source sessionIdentifier } }', {
      input: { template: { [text]: text }, source: text, sessionIdentifier: text },
    });
    expect(submitTask).toEqual({ template: { [text]: text }, source: text, sessionIdentifier: text });
    const { createApiToken } = await root.ask('mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { apiToken { id name } } }', { input: { name: text, scopes: ['all'] } });
    expect(createApiToken.apiToken.name).toBe(text);
    await root.ask('mutation ($id: ID!) { revokeApiToken(id: $id) }', { id: createApiToken.apiToken.id });
  });
});
