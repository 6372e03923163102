import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, stranger, type Actor } from '../testkit/actor.js';
import { send } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { publicGraph } from '../testkit/public-graph.js';
import { INSPECTED, RemoteInspector } from '../testkit/remote.inspector.js';
import { LOCAL_ENGINE, Trainer } from '../testkit/training.js';
import { laughs } from './hostile.queries.js';

// Advisories of the libraries that the platform is made of, held against the platform with its own supergraph.

let platform: Platform;
let process: RemoteInspector;
let root: Actor;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, ...INSPECTED } });
  process = await RemoteInspector.connect(platform.output());
  root = await admin(platform);
  [alice, bob] = [await actor(root, 'alice'), await actor(root, 'bob')];
});
afterAll(async () => {
  process?.close();
  await platform?.dispose();
});

const PROTOTYPES = 'JSON.stringify([Object, Array, Function, String].map(({ prototype }) => Object.getOwnPropertyNames(prototype).length).concat(({}).polluted === undefined))';

describe('CVE-2026-32621, prototypes polluted through the gateway', () => {
  test('by aliases over several subgraphs, by variables, and by values of any form', async () => {
    const before = await process.evaluate(PROTOTYPES);
    const { submitTask } = await alice.ask('mutation ($template: JSON!) { submitTask(input: { template: $template }) { id } }', { template: JSON.parse('{"gpu_model":"rtx","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as unknown });
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const data = (await alice.ask(`query ($id: ID!) { ${name}: task(id: $id) { ${name}: owner { polluted: username ${name}: id } polluted: state } polluted: me { ${name}: username } }`, { id: submitTask.id })) as object;
      const task = Object.getOwnPropertyDescriptor(data, name)!.value as object;
      expect(Object.getOwnPropertyDescriptor(task, name)!.value).toMatchObject({ polluted: 'alice' });
    }
    await send(platform, { method: 'POST', path: '/graphql', headers: { 'content-type': 'application/json' }, body: '{"query":"{ me { id } }","variables":{"__proto__":{"polluted":1}},"extensions":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}' });
    expect(await process.evaluate(PROTOTYPES)).toBe(before);
    expect(before).toMatch(/true\]$/);
  });
});

describe('CVE-2024-43414, CVE-2025-32030 and CVE-2025-32031, planning that does not end', () => {
  const times = (count: number, part: (index: number) => string): string => Array.from({ length: count }, (_, index) => part(index)).join(' ');
  const job = 'id name owner { id username }';
  /** As much as the limits let through of what was published. */
  test.each([
    ['fragments that unfold to four thousand fields', `{ notebook(id: "1") { ...f0 } } ${laughs(10, 'Job', 'id owner { id }')}`],
    ['fragments that unfold on types and their interface', `{ training(id: "1") { ...f0 } } ${times(9, (at) => `fragment f${at} on ${at % 2 === 0 ? 'Training' : 'Job'} { ...f${at + 1} ...f${at + 1} }`)} fragment f9 on Job { id owner { username } }`],
    ['an interface within its types within the interface', `{ notebooks(first: 1) { nodes { ${'... on Job { ... on Notebook { '.repeat(60)} id owner { id } ${'} }'.repeat(60)} } } }`],
    ['fifteen roots that another subgraph is asked for', `{ ${times(15, (at) => `a${at}: training(id: "${at}") { ${job} dataset { owner { id } } model { owner { id } } }`)} }`],
    ['fields under twenty conditions', `query (${times(20, (at) => `$v${at}: Boolean = ${at % 2 === 0}`)}) { notebooks(first: 1) { nodes { ${times(20, (at) => `... on Job @include(if: $v${at}) { owner { id } }`)} } } }`],
    ['conditions within conditions', `query (${times(24, (at) => `$v${at}: Boolean = true`)}) { notebooks(first: 1) { nodes { ${times(24, (at) => `... on Job @skip(if: $v${at}) {`)} owner { id } ${'}'.repeat(24)} } } }`],
    ['a cycle of types to the end of the depth', `{ training(id: "1") { ...T } } fragment T on Training { ${job} model { ${'id owner { id } training { owner { id } model { '.repeat(3)} id ${'} }'.repeat(3)} } dataset { ${'owner { id } source { '.repeat(6)} id ${'}'.repeat(6)} } }`],
  ])('%s are planned and answered', async (_what, query) => {
    const { status, errors } = await alice.graph(query);
    expect([status, errors]).toEqual([200, []]);
  });

  test('more than the limits let through is refused before it is planned', async () => {
    for (const levels of [13, 30, 100]) {
      const { errors } = await alice.graph(`{ notebook(id: "1") { ...f0 } } ${laughs(Math.min(levels, 75), 'Job', 'id')}`);
      expect(errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
    }
  });
});

describe('GHSA-mx7m-j9xf-62hw, access rules of an interface that its types get round', () => {
  test('no rule stands in the supergraph: each field asks for itself, whatever it is reached by', async () => {
    const directives = (await publicGraph(root)).getDirectives().map(({ name }) => name);
    expect(directives.filter((name) => /authenticated|requiresScopes|policy/.test(name))).toEqual([]);
  });

  test('a job of somebody else is refused through the interface as through its type, and so are its details', async () => {
    const { id } = await new Trainer(alice).create('echo done\n');
    const selections = ['... on Training { codePath name }', '... on Job { codePath name }', '... on Training { ... on Job { codePath name owner { username } } }'];
    for (const selection of selections) {
      expect([selection, await alice.ask(`query ($id: ID!) { training(id: $id) { ${selection} } }`, { id })]).toEqual([selection, { training: expect.objectContaining({ name: 'mnist' }) }]);
      for (const somebody of [bob, stranger(platform)]) {
        const query = await somebody.graph(`query ($id: ID!) { training(id: $id) { ${selection} } }`, { id });
        expect([somebody.username, query.data?.training ?? null]).toEqual([somebody.username, null]);
        const mutation = await somebody.graph(`mutation ($id: ID!) { approveJob(id: $id) { ${selection} } }`, { id });
        expect([mutation.data ?? null, mutation.errors[0]?.extensions.code]).toEqual([null, somebody === bob ? 'FORBIDDEN' : 'UNAUTHENTICATED']);
      }
    }
  });

  test('entities and peer fields cannot be asked for by a client at all', async () => {
    for (const query of ['{ _entities(representations: [{ __typename: "Training", id: "1" }]) { ... on Training { codePath } } }', '{ _service { sdl } }', '{ resolveCredential(credential: "x") { userId } }']) {
      expect((await bob.graph(query)).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
  });
});

describe('CVE-2026-23897, a charset in Content-Type that exhausts the server', () => {
  const CHARSETS = ['utf-7', 'utf-16', 'utf-16le', 'utf-32', 'ucs2', 'iso-8859-1', 'gbk', 'big5', 'shift_jis', 'iso-2022-kr', 'x-user-defined', 'base64', 'hex', 'binary', '__proto__', 'constructor', 'utf-8,utf-16', 'x'.repeat(4_000), '%', "utf-8'", '""', '\\"utf-16'];
  const BODY = Buffer.alloc(1_500_000, '+AGEAYQ-');
  const entries: [path: string, type: string][] = [
    ['/graphql', 'application/json'],
    ['/api/ticket', 'application/json'],
    ['/cloud_api', 'application/x-www-form-urlencoded'],
    ['/api/v1/computing_ids/', 'application/json'],
    ['/ai_arts/api/models', 'application/json'],
    ['/graphql', 'multipart/form-data; boundary=x'],
  ];

  test.each(entries)('is refused at %s as %s, without memory kept', async (path, type) => {
    await send(platform, { method: 'POST', path, headers: { 'content-type': `${type}; charset=${CHARSETS[0]}` }, body: BODY });
    const before = await process.usedMb();
    for (const charset of CHARSETS) {
      const { status, json } = await send(platform, { method: 'POST', path, headers: { 'content-type': `${type}; charset=${charset}`, 'apollo-require-preflight': 'true' }, body: BODY });
      // 互通 answers 200 and tells in the body.
      const told = path.startsWith('/api/v1/') ? (json.code as number) : status;
      expect([charset, told >= 400 && told < 500]).toEqual([charset, true]);
    }
    expect((await process.usedMb()) - before).toBeLessThan(10);
    expect((await send(platform, { path: '/healthz' })).status).toBe(200);
  });
});
