import { once } from 'node:events';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { answers, labelServer, type LabelServerOfTest } from '../../subgraphs/ai-arts/src/testkit/label-server.js';
import { Actor, actor, admin, stranger } from '../testkit/actor.js';
import { AiArtsClient, API, expectRefused } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { send, sendAs } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// Section 5 of AIArts: annotations are those of a label server; without one see ai-arts.cases.test.ts.

const AT = '/annotations';

let labels: LabelServerOfTest;
let platform: Platform;
let alice: Actor;
let client: AiArtsClient;
beforeAll(async () => {
  labels = await labelServer();
  platform = await startPlatform({ environment: { LABEL_SERVER_URL: labels.url, LABEL_SERVER_IDLE_SECONDS: '2', LABEL_SERVER_BODY_BYTES: '1000' } });
  alice = await actor(await admin(platform), 'alice');
  client = new AiArtsClient(alice);
});
afterAll(async () => {
  await platform?.dispose();
  await labels?.stop();
});

test('a browser is sent to the page of the label server, and its ticket stays here', { tags: ['ai-arts/5/browser', 'ai-arts/5/assertion'] }, async () => {
  labels.behave(answers({}));
  const answer = await sendAs(alice, { path: `${API}${AT}/projects/7/data?tab=1`, headers: { accept: 'text/html,*/*;q=0.8' } });
  expect([answer.status, answer.headers.location, answer.text]).toEqual([302, `${labels.url}/projects/7/data?tab=1`, '']);
  expect(JSON.stringify(answer.headers)).not.toContain(alice.credential);
  expect(labels.received).toEqual([]);
});

test('a program talks to the label server as whom it has proven to be', { tags: ['ai-arts/5/program', 'ai-arts/5/assertion'] }, async () => {
  labels.behave(answers([{ id: 7 }], 200, { 'x-total-count': '1' }));
  for (const path of [AT, `${AT}/`, `${AT}/api/projects?page=2`]) {
    const answer = await sendAs(alice, { path: API + path, headers: { 'x-request-id': 'mine-7' } });
    expect([answer.status, answer.json, answer.headers['x-total-count'], answer.headers['x-request-id']]).toEqual([200, [{ id: 7 }], '1', 'mine-7']);
  }
  expect(labels.received.map(({ url }) => url)).toEqual(['/', '/', '/api/projects?page=2']);
  const { headers } = labels.received[0]!;
  expect(JSON.stringify(headers)).not.toContain(alice.credential);
  const { payload } = await jwtVerify(headers.authorization!.slice('Bearer '.length), createRemoteJWKSet(new URL(`${platform.url}/ai_arts/jwks.json`)), { issuer: 'hutong', audience: labels.url });
  expect(payload).toMatchObject({ name: 'alice', roles: ['MEMBER'] });
});

test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s goes through with its body', { tags: ['ai-arts/5/program'] }, async (method) => {
  labels.behave((_, response) => void response.writeHead(204).end());
  expect((await client.call(method, `${AT}/api/projects`, { title: '数字' })).status).toBe(204);
  expect(labels.received.map(({ method, body }) => [method, body.toString()])).toEqual([[method, '{"title":"数字"}']]);
});

test('what the label server refuses it refuses in its own words', async () => {
  labels.behave(answers({ detail: 'No such project.' }, 404));
  const answer = await client.call('GET', `${AT}/api/projects/9`);
  expect([answer.status, answer.json]).toEqual([404, { detail: 'No such project.' }]);
});

test('a redirect of the label server leads through us again, where the contracts are', async () => {
  labels.behave((request, response) => void (request.url === '/x' ? response.writeHead(301, { location: '/x/' }).end() : answers({ at: request.url })(request, response)));
  expect(await (await client.fetch(`${AT}/x`)).json()).toEqual({ at: '/x/' });
});

test('everything below needs to know who asks', { tags: ['ai-arts/0/20002'] }, async () => {
  labels.behave(answers({}));
  for (const accept of ['text/html', 'application/json']) {
    for (const who of [stranger(platform), new Actor(platform, 'nobody', 'no-ticket')]) expectRefused(await sendAs(who, { path: `${API}${AT}/x`, headers: { accept } }), [401, 20002], /./);
  }
  expectRefused(await send(platform, { path: `${API}${AT}/x`, headers: { token: alice.credential!, 'x-auth-token': 'another' } }), [400, 20001], /different credentials/);
  expectRefused(await sendAs(alice, { method: 'POST', path: `${API}${AT}/x`, headers: { origin: 'https://evil.example' } }), [403, 30801], /./);
  expect(labels.received).toEqual([]);
});

test('a label server that breaks off, talks nonsense, is silent or does not know us is behind and failed', { tags: ['ai-arts/0/40000'] }, async () => {
  labels.behave((request) => request.socket.destroy());
  expectRefused(await client.call('GET', `${AT}/x`), [502, 40000], /label server/);
  expectRefused(await client.call('POST', `${AT}/x`, { a: 1 }), [502, 40000], /label server/);
  labels.behave((request) => request.socket.end('hello\r\n'));
  expectRefused(await client.call('GET', `${AT}/x`), [502, 40000], /label server/);
  labels.behave(() => undefined);
  expectRefused(await client.call('GET', `${AT}/x`), [502, 40000], /did not answer within 2 s/);
  labels.behave(answers({}, 401));
  expectRefused(await client.call('GET', `${AT}/x`), [502, 40000], /answered 401/);
  labels.behave((request) => request.socket.destroy());
  const head = await sendAs(alice, { method: 'HEAD', path: `${API}${AT}/x` });
  expect([head.status, head.text]).toEqual([502, '']);
});

test('what is too large, leads elsewhere or is no method is refused before the label server hears of it', { tags: ['ai-arts/0/30006', 'ai-arts/0/30007'] }, async () => {
  labels.behave(answers({}));
  expectRefused(await client.call('POST', `${AT}/x`, { a: 'x'.repeat(1_000) }), [400, 30006], /LABEL_SERVER_BODY_BYTES/);
  expectRefused(await client.call('GET', `${AT}/..;/admin`), [400, 30007], /leads elsewhere/);
  expectRefused(await client.call('GET', `${AT}/%252e%252e/admin`), [400, 30007], /leads elsewhere/);
  expectRefused(await client.call('PROPFIND', `${AT}/x`), [400, 20001], /PROPFIND/);
  for (const path of ['/annotationsx', '/annotations//evil.example']) expectRefused(await client.call('GET', path), [404, 10001], /./);
  expect(labels.received).toEqual([]);
});

test('a dataset is linked to its labelling project in the graph, and its labels become a version that the contract shows', { tags: ['ai-arts/5/project', 'ai-arts/rules/id'] }, async () => {
  const path = await client.uploaded('/datasets/upload', await tarGzOf({ 'a.png': 'a', 'b/c.png': 'c' }), 'pictures.tar.gz');
  const { id } = await client.ask('POST', '/datasets', { name: '图片', description: 'to be labelled', path });
  const { linkLabelingProject } = await alice.ask('mutation ($id: ID!) { linkLabelingProject(input: { datasetId: $id, projectId: "12" }) { labelingUrl } }', { id: String(id) });
  expect(linkLabelingProject.labelingUrl).toBe(`${labels.url}/projects/12`);
  const coco = { images: [{ id: 1, file_name: 'b/c.png' }], categories: [{ id: 1, name: '猫' }], annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [0, 0, 1, 1] }] };
  labels.behave(answers(coco));
  const input = { datasetId: String(id), version: '2', waitSeconds: 60, clientToken: 'once' };
  const importing = () => alice.ask('mutation ($input: ImportAnnotationsInput!) { importAnnotations(input: $input) { id downloadUrl source { id } } }', { input });
  const { importAnnotations: made } = await importing();
  expect((await importing()).importAnnotations.id).toBe(made.id);
  expect(made.source.id).toBe(String(id));
  expect(labels.received.map(({ url }) => url)).toEqual(['/api/projects/12/export?exportType=COCO']);
  expect((await client.ask('GET', `/datasets/${made.id}`)).dataset).toMatchObject({ name: '图片', version: '2', fileCount: 3 });
  const { headers, status } = await client.fetch(`/datasets/${made.id}/download`);
  expect([status, headers.get('content-type')]).toEqual([200, 'application/gzip']);
});

test('a WebSocket reaches the label server as well, beside the contract', async () => {
  const sockets = new WebSocketServer({ server: labels.server, path: '/ws' });
  sockets.on('connection', (socket, { headers }) => socket.send(headers.authorization?.startsWith('Bearer ey') ? 'known' : 'unknown'));
  const socket = new WebSocket(`${platform.url.replace('http', 'ws')}/ai_arts/annotations/ws`, { headers: { token: alice.credential! } });
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString()).toBe('known');
  socket.close();
  await once(socket, 'close');
  sockets.close();
});
