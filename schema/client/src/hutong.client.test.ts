import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { createClient, graphql, HutongError, type HutongClient, type ResultOf, type VariablesOf } from './index.js';

// What the client does of its own, over HTTP with a server that answers what a test says.

const whoAmI = graphql('query WhoAmI { me { username roles } }');
const release = graphql('mutation Release($id: ID!) { releaseTask(id: $id) { id } }');
const changes = graphql('subscription Changes($after: ID) { taskChanged(after: $after) { told: id state } }');
const uploadCode = graphql('mutation Upload($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }');

interface Heard {
  headers: IncomingMessage['headers'];
  body: string;
}

/** What each request is answered, one after the other. */
type Answer = (response: ServerResponse) => void;

let server: Server;
let client: HutongClient;
let heard: Heard[] = [];
let answers: Answer[] = [];
beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, credential: 'ht_1' });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  expect(answers).toEqual([]);
  heard = [];
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  heard.push({ headers: request.headers, body: await text(request) });
  answers.shift()!(response);
}

const json = (value: unknown, status = 200): Answer => (response) => response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'r-1' }).end(JSON.stringify(value));
const hangUp: Answer = (response) => response.destroy();
const me = json({ data: { me: { username: 'alice', roles: ['MEMBER'] } } });
const down = json({ data: { me: null }, errors: [{ message: 'machines does not answer', path: ['me'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] });
const events = (ids: readonly number[], end: 'complete' | 'broken'): Answer => (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(':\n\n');
  for (const id of ids) response.write(`event: next\ndata: ${JSON.stringify({ data: { taskChanged: { told: `e${id}`, state: 'OFFERED' } } })}\n\n`);
  // Written out before the connection goes.
  if (end === 'complete') response.end('event: complete\ndata:\n\n');
  else response.write(':\n\n', () => setTimeout(() => response.destroy(), 20));
};

/** The failure of something that must fail. */
async function failureOf(work: Promise<unknown>): Promise<HutongError> {
  const failure: unknown = await work.then(() => undefined, (error: unknown) => error);
  expect(failure).toBeInstanceOf(HutongError);
  return failure as HutongError;
}

test('what an operation answers and takes is known to the compiler', () => {
  expectTypeOf<ResultOf<typeof whoAmI>>().toEqualTypeOf<{ me: { username: string; roles: ('ADMIN' | 'MEMBER' | 'PROVIDER')[] } | null }>();
  expectTypeOf<VariablesOf<typeof release>>().toEqualTypeOf<{ id: string }>();
  expectTypeOf<VariablesOf<typeof changes>>().toEqualTypeOf<{ after?: string | null | undefined }>();
});

test('an operation is POSTed with the credential, and its data answered', async () => {
  answers = [me];
  expect(await client.query(whoAmI)).toEqual({ me: { username: 'alice', roles: ['MEMBER'] } });
  expect(heard[0]).toMatchObject({ headers: { authorization: 'Bearer ht_1', 'content-type': 'application/json' } });
  expect(JSON.parse(heard[0]!.body)).toMatchObject({ query: expect.stringContaining('query WhoAmI') });
});

test('a failure has the code, the field and the request id, and what was answered all the same', async () => {
  answers = [json({ errors: [{ message: 'input.name: too long', extensions: { code: 'BAD_INPUT', field: 'input.name' } }] }, 400)];
  expect(await failureOf(client.mutate(release, { id: '1' }))).toMatchObject({ code: 'BAD_INPUT', field: 'input.name', requestId: 'r-1', status: 400, message: 'input.name: too long', data: undefined });
  answers = [down];
  expect(await failureOf(createClient({ url: client.url, retries: 0 }).query(whoAmI))).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', data: { me: null }, errors: [{ path: ['me'] }] });
});

test('a query is asked again where its failure passes', async () => {
  answers = [hangUp, down, (response) => response.writeHead(503).end('<html>'), me];
  expect(await client.query(whoAmI)).toMatchObject({ me: { username: 'alice' } });
  answers = [json({ errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }] })];
  expect(await failureOf(client.query(whoAmI))).toMatchObject({ code: 'FORBIDDEN' });
});

test('a mutation is sent once, whatever happens to it', async () => {
  answers = [hangUp];
  expect(await failureOf(client.mutate(release, { id: '1' }))).toMatchObject({ code: 'UNREACHABLE', status: undefined });
  answers = [down];
  expect(await failureOf(client.mutate(release, { id: '1' }))).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  expect(heard).toHaveLength(2);
});

test('something that is no platform is told apart from one that is not there', async () => {
  answers = [(response) => response.end('<html>'), json({ hello: 'world' })];
  expect(await failureOf(client.query(whoAmI))).toMatchObject({ code: 'NOT_A_PLATFORM', status: 200 });
  expect(await failureOf(client.query(whoAmI))).toMatchObject({ code: 'NOT_A_PLATFORM' });
});

test('an answer that does not come in time, and an operation that is given up', async () => {
  answers = [() => undefined, () => undefined];
  expect(await failureOf(client.query(whoAmI, {}, { timeoutMs: 50 }))).toMatchObject({ code: 'NO_ANSWER_IN_TIME' });
  const leaving = new AbortController();
  const asked = client.query(whoAmI, {}, { signal: leaving.signal });
  await expect.poll(() => heard.length).toBe(2);
  leaving.abort(new Error('not wanted any more'));
  await expect(asked).rejects.toThrow('not wanted any more');
});

test('a file among the variables goes as a form, in its place', async () => {
  answers = [json({ data: { uploadFiles: { path: 'a' } } })];
  await client.mutate(uploadCode, { input: { purpose: 'CODE', file: new File(['echo 1'], 'run.sh') } });
  const [{ headers, body }] = heard as [Heard];
  expect(headers).toMatchObject({ 'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/), 'apollo-require-preflight': 'true' });
  expect(body).toContain('{"0":["variables.input.file"]}');
  expect(body).toMatch(/"purpose":"CODE","file":null/);
  expect(body).toMatch(/name="0"; filename="run.sh"\r\n[^]*echo 1/);
});

test('a subscription goes on behind the last event when its connection is lost, or the platform stops', async () => {
  answers = [events([1, 2], 'broken'), hangUp, events([3], 'complete'), events([4], 'complete')];
  const told: string[] = [];
  for await (const { taskChanged } of client.subscribe(changes, {})) {
    told.push(taskChanged.told);
    if (told.length === 4) break;
  }
  expect(told).toEqual(['e1', 'e2', 'e3', 'e4']);
  expect(heard.map(({ body }) => (JSON.parse(body) as { variables: { after?: string } }).variables.after)).toEqual([undefined, 'e2', 'e2', 'e3']);
});

test('a subscription whose quiet connection is cut again and again goes on, but not where nothing answers any more', async () => {
  const quiet = createClient({ url: client.url, retries: 1 });
  const cut = events([], 'broken');
  answers = [cut, cut, cut, events([1], 'broken'), hangUp];
  const told: string[] = [];
  const read = async () => {
    for await (const { taskChanged } of quiet.subscribe(changes)) told.push(taskChanged.told);
  };
  expect(await failureOf(read())).toMatchObject({ code: 'UNREACHABLE' });
  expect(told).toEqual(['e1']);
});

test('a subscription that cannot say where it stood ends when its connection is lost', async () => {
  answers = [events([1], 'broken')];
  const reported = client.subscribe(graphql('subscription { computingResourceReported { id } }'));
  const read = async () => {
    for await (const _ of reported);
  };
  expect(await failureOf(read())).toMatchObject({ code: 'CONNECTION_LOST' });
});

test('a subscription that is refused, or ends for a reason, throws it', async () => {
  answers = [json({ errors: [{ message: 'no credential', extensions: { code: 'UNAUTHENTICATED' } }] }, 401)];
  expect(await failureOf(client.subscribe(changes).next())).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, requestId: 'r-1' });
});

test('each kind of operation has its method', async () => {
  await expect(client.query(release, { id: '1' })).rejects.toThrow('This takes a query; for a mutation there is "mutate".');
});
