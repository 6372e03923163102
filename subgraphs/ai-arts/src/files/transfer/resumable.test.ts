import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { StoreError } from '../../drivers/store/store.js';
import { filesHouse, type FilesActor, type FilesHouse } from '../../testkit/files.house.js';
import { routeServer, type RouteServer } from '../../testkit/route.server.js';
import { FileSetState } from '../file-set.states.js';
import { ResumableProgress } from './resumable.progress.js';
import { ResumableStore } from './resumable.store.js';

const LIMIT = 5_000_000;
const PER_USER = 3;

let house: FilesHouse;
let server: RouteServer;

beforeAll(async () => {
  house = await filesHouse({ resumable: { bytes: LIMIT, perUser: PER_USER, lifetimeMs: 3_600_000 } });
  server = await routeServer(house.subgraph.routes);
});

afterEach(() => {
  house.store.before = () => undefined;
});

afterAll(async () => {
  await server?.stop();
  await house?.close();
});

const unfinished = () => readdir(path.join(house.folder, 'ai-arts/uploads'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const metadataOf = (metadata: Record<string, string>): string => Object.entries(metadata).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`).join(',');
const DATASET = { filename: '点.bin', purpose: 'DATASET' };

function ask(actor: FilesActor | undefined, method: string, place: string, headers: Record<string, string> = {}, body?: Buffer<ArrayBuffer>): Promise<Response> {
  const as = actor ? server.as(actor.as) : {};
  return fetch(new URL(place, server.url), { method, headers: { 'tus-resumable': '1.0.0', ...as, ...headers }, body: body ?? null });
}

const create = (actor: FilesActor | undefined, length: number, metadata: Record<string, string> = DATASET, more: Record<string, string> = {}, body?: Buffer<ArrayBuffer>): Promise<Response> =>
  ask(actor, 'POST', '/ai_arts/uploads', { 'upload-length': String(length), 'upload-metadata': metadataOf(metadata), ...more }, body);

const patch = (actor: FilesActor, place: string, offset: number, body: Buffer<ArrayBuffer>): Promise<Response> =>
  ask(actor, 'PATCH', place, { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }, body);

async function begun(actor: FilesActor, length: number, metadata?: Record<string, string>): Promise<string> {
  const answer = await create(actor, length, metadata);
  expect(answer.status).toBe(201);
  return answer.headers.get('location')!;
}

const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;

async function setOf(actor: FilesActor, shown: string): Promise<Record<string, unknown>> {
  const [, id] = decodeURI(shown).split('/');
  const { data } = await actor.ask('query ($id: ID!) { fileSet(id: $id) { path state sizeBytes sha256 isPrivate files { nodes { path } } } }', { id });
  return data.fileSet as Record<string, unknown>;
}

test('a file comes in parts, and is a set of files when its last byte is there', async () => {
  const alice = house.actor();
  const bytes = randomBytes(3_000_000);
  const place = await begun(alice, bytes.length, { ...DATASET, dir: '十一月', isPrivate: 'false', token: 't' });
  expect(place).toMatch(/^\/ai_arts\/uploads\/[0-9a-f-]{36}$/);
  const first = await patch(alice, place, 0, bytes.subarray(0, 1_000_000));
  expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '1000000']);
  const head = await ask(alice, 'HEAD', place);
  expect([head.headers.get('upload-offset'), head.headers.get('upload-length'), head.headers.get('upload-path')]).toEqual(['1000000', '3000000', null]);
  const last = await patch(alice, place, 1_000_000, bytes.subarray(1_000_000));
  expect(last.status).toBe(204);
  const shown = last.headers.get('upload-path')!;
  expect(await setOf(alice, shown)).toEqual({ path: decodeURI(shown), state: 'READY', sizeBytes: 3_000_000, sha256: sha256(bytes), isPrivate: false, files: { nodes: [{ path: '十一月/点.bin' }] } });
  const again = await ask(alice, 'HEAD', place);
  expect([again.headers.get('upload-path'), again.headers.get('upload-offset')]).toEqual([shown, '3000000']);
  expect(await readdir(path.join(house.folder, 'ai-arts', place.replace('/ai_arts', '')))).toEqual(['upload.json']);
});

test('a whole file may come with the first request, and an empty one too', async () => {
  const alice = house.actor();
  const bytes = randomBytes(10_000);
  const whole = await create(alice, bytes.length, DATASET, { 'content-type': 'application/offset+octet-stream' }, bytes);
  expect([whole.status, whole.headers.get('upload-offset')]).toEqual([201, '10000']);
  expect(await setOf(alice, whole.headers.get('upload-path')!)).toMatchObject({ sha256: sha256(bytes), isPrivate: true });
  const empty = await create(alice, 0);
  expect(await setOf(alice, empty.headers.get('upload-path')!)).toMatchObject({ sizeBytes: 0, state: 'READY' });
});

test('an archive is unpacked', async () => {
  const tar = pack();
  tar.entry({ name: 'a.txt' }, 'one');
  tar.entry({ name: 'b/c.txt' }, 'two');
  tar.finalize();
  const alice = house.actor();
  const archive = Buffer.from(await buffer(tar as AsyncIterable<Buffer>));
  const answer = await patch(alice, await begun(alice, archive.length, { filename: 'x.tar', purpose: 'code' }), 0, archive);
  expect(await setOf(alice, answer.headers.get('upload-path')!)).toMatchObject({ path: expect.stringMatching(/^code\//), files: { nodes: [{ path: 'a.txt' }, { path: 'b/c.txt' }] } });
});

test('what was cut off goes on where it stopped', async () => {
  const alice = house.actor();
  const bytes = randomBytes(2_000_000);
  const place = await begun(alice, bytes.length);
  const cut = request(new URL(place, server.url), {
    method: 'PATCH',
    headers: { ...server.as(alice.as), 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', 'content-length': String(bytes.length) },
  });
  const hungUp = once(cut, 'error').catch((error: unknown) => error);
  cut.write(bytes.subarray(0, 1_500_000));
  const bytesFile = path.join(house.folder, 'ai-arts', place.replace('/ai_arts', ''), 'bytes');
  await expect.poll(async () => (await stat(bytesFile)).size).toBeGreaterThan(0);
  cut.destroy(new Error('the client is gone'));
  await hungUp;
  let offset = 0;
  await expect
    .poll(async () => {
      offset = Number((await ask(alice, 'HEAD', place)).headers.get('upload-offset'));
      return (await patch(alice, place, offset, bytes.subarray(offset))).status;
    })
    .toBe(204);
  expect(offset).toBeGreaterThan(0);
  expect(await setOf(alice, (await ask(alice, 'HEAD', place)).headers.get('upload-path')!)).toMatchObject({ sha256: sha256(bytes) });
});

test('one whose last answer was lost with the process is finished when it is asked for', async () => {
  const alice = house.actor();
  const bytes = randomBytes(50_000);
  const place = await begun(alice, bytes.length);
  house.store.before = (step) => {
    if (step === 'put') throw new StoreError('UNREACHABLE', 'no answer');
  };
  const failed = await patch(alice, place, 0, bytes);
  expect([failed.status, await codeOf(failed)]).toEqual([503, 'STORE_UNAVAILABLE']);
  house.store.before = () => undefined;
  const beside = await filesHouse({ resumable: { bytes: LIMIT, perUser: PER_USER, lifetimeMs: 3_600_000 } }, house);
  const other = await routeServer(beside.subgraph.routes);
  try {
    const ours = { 'tus-resumable': '1.0.0', ...other.as(alice.as) };
    const [one, two] = await Promise.all([0, 1].map(() => fetch(new URL(place, other.url), { method: 'HEAD', headers: ours })));
    expect(one!.headers.get('upload-path')).toBe(two!.headers.get('upload-path'));
    expect(await setOf(alice, one!.headers.get('upload-path')!)).toMatchObject({ sha256: sha256(bytes) });
  } finally {
    await other.stop();
    await beside.close();
  }
});

test('nobody else may look at an upload, go on with it or end it', async () => {
  const [alice, bob, admin] = [house.actor(), house.actor(), house.actor({ roles: ['ADMIN'] })];
  const place = await begun(alice, 10);
  for (const actor of [bob, admin]) {
    const answers = [await ask(actor, 'HEAD', place), await patch(actor, place, 0, Buffer.from('x')), await ask(actor, 'DELETE', place)];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(await codeOf(answers[1]!)).toBe('NOT_YOURS');
  }
  for (const method of ['POST', 'HEAD', 'PATCH', 'DELETE']) expect((await ask(undefined, method, place)).status).toBe(401);
  const reader = house.actor({ scopes: ['ai-arts:read'] });
  expect((await create(reader, 1)).status).toBe(403);
  expect((await ask(alice, 'HEAD', place)).headers.get('upload-offset')).toBe('0');
  expect((await ask(alice, 'DELETE', place)).status).toBe(204);
  expect((await ask(alice, 'HEAD', place)).status).toBe(404);
});

test('its bytes are told as they come, and its set after them', async () => {
  const alice = house.actor();
  const token = randomUUID();
  const events = await house.services.uploadEvents.subscribe(alice.as, { token });
  const length = 100_000;
  const place = await begun(alice, length, { ...DATASET, token });
  const seen: { state: string; receivedBytes: number; isSet: boolean }[] = [];
  const reading = (async () => {
    for await (const { payload, subject } of events) {
      seen.push({ state: payload.state, receivedBytes: payload.receivedBytes, isSet: subject !== path.basename(place) });
      if (payload.state === FileSetState.READY) return;
    }
  })();
  let offset = 0;
  while (seen.length === 0 && offset < length - 1) {
    expect((await patch(alice, place, offset, Buffer.from('x'))).status).toBe(204);
    offset += 1;
    await delay(20);
  }
  expect(seen[0]).toMatchObject({ state: 'RECEIVING', isSet: false });
  expect(seen[0]!.receivedBytes).toBeGreaterThan(0);
  expect((await patch(alice, place, offset, Buffer.alloc(length - offset))).status).toBe(204);
  await reading;
  const ofSet = seen.filter(({ isSet }) => isSet);
  expect(ofSet.map(({ state, receivedBytes }) => [state, receivedBytes])).toEqual([['RECEIVING', length], ['READY', length]]);
  expect(seen.slice(-2)).toEqual(ofSet);
});

test.each<[string, Record<string, string>, string]>([
  ['no purpose', { filename: 'a' }, 'BAD_INPUT'],
  ['another purpose', { filename: 'a', purpose: 'OTHER' }, 'BAD_INPUT'],
  ['no name', { purpose: 'CODE' }, 'BAD_INPUT'],
  ['a flag that is none', { filename: 'a', purpose: 'CODE', isPrivate: 'perhaps' }, 'BAD_INPUT'],
  ['a token that is too long', { filename: 'a', purpose: 'CODE', token: 'x'.repeat(256) }, 'BAD_INPUT'],
  ['a name that leads elsewhere', { filename: '../../x', purpose: 'CODE' }, 'PATH_INVALID'],
  ['a folder that leads elsewhere', { filename: 'x', purpose: 'CODE', dir: '/etc' }, 'PATH_INVALID'],
  ['a folder and a name that are too long together', { filename: 'x'.repeat(200), purpose: 'CODE', dir: 'd/'.repeat(300) }, 'PATH_INVALID'],
  ['a model of another kind', { filename: 'x.exe', purpose: 'MODEL' }, 'FILE_TYPE_REFUSED'],
])('%s is refused before a byte is sent', async (_, metadata, code) => {
  const before = await unfinished();
  const answer = await create(house.actor(), 10, metadata);
  expect([answer.status, await codeOf(answer)]).toEqual([400, code]);
  expect(await unfinished()).toEqual(before);
});

test('bytes that are not what their name says are refused in the end, and nothing is left', async () => {
  const before = await unfinished();
  const alice = house.actor();
  const keys = await house.keys();
  const answer = await patch(alice, await begun(alice, 3, { filename: 'x.zip', purpose: 'DATASET' }), 0, Buffer.from('abc'));
  expect([answer.status, await codeOf(answer)]).toEqual([400, 'FILE_TYPE_REFUSED']);
  expect(await unfinished()).toEqual(before);
  expect(await house.keys()).toEqual(keys);
});

test('limits are named', async () => {
  const alice = house.actor();
  const large = await create(alice, LIMIT + 1);
  expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('AI_ARTS_RESUMABLE_BYTES')]);
  for (let index = 0; index < PER_USER; index += 1) await begun(alice, 10);
  const many = await create(alice, 10);
  expect([many.status, await many.text()]).toEqual([413, expect.stringContaining('AI_ARTS_RESUMABLE_UPLOADS')]);
  expect((await create(house.actor(), 10)).status).toBe(201);
});

test('what no client of the protocol says is refused', async () => {
  const alice = house.actor();
  const place = await begun(alice, 10);
  expect((await patch(alice, place, 5, Buffer.from('x'))).status).toBe(409);
  expect((await patch(alice, place, 0, Buffer.from('x'.repeat(11)))).status).toBe(413);
  expect((await ask(alice, 'PATCH', place, { 'upload-offset': '0', 'content-type': 'text/plain' }, Buffer.from('x'))).status).toBe(400);
  expect((await ask(alice, 'HEAD', place, { 'tus-resumable': '0.2.2' })).status).toBe(400);
  expect((await ask(alice, 'POST', '/ai_arts/uploads', { 'upload-length': '-1', 'upload-metadata': metadataOf(DATASET) })).status).toBe(400);
  expect((await ask(alice, 'GET', place)).status).toBe(405);
  for (const id of [randomUUID(), 'x', '..%2f..', 'upload.json', '%00']) expect([400, 404]).toContain((await ask(alice, 'HEAD', `/ai_arts/uploads/${id}`)).status);
  expect((await ask(alice, 'HEAD', place)).headers.get('upload-offset')).toBe('0');
});

test('a client that sends parts beside each other, or no size, is told what to do instead', async () => {
  for (const [header, value] of [['Upload-Concat', 'partial'], ['Upload-Defer-Length', '1']] as const) {
    const answer = await ask(house.actor(), 'POST', '/ai_arts/uploads', { [header]: value, 'upload-metadata': metadataOf(DATASET) });
    expect([answer.status, await answer.json()]).toMatchObject([400, { errors: [{ message: expect.stringContaining(header), extensions: { code: 'BAD_INPUT' } }] }]);
  }
});

test('pages of other sites get no leave to send', async () => {
  const answer = await ask(undefined, 'OPTIONS', '/ai_arts/uploads', { origin: 'https://elsewhere.example' });
  expect([answer.status, answer.headers.get('tus-version'), answer.headers.get('access-control-allow-origin')]).toEqual([204, '1.0.0', null]);
});

test('what is not ended in time is removed', async () => {
  const folder = path.join(house.folder, 'other-uploads');
  const [now, later] = [3_600_000, -1].map((lifetimeMs) => new ResumableStore({ folder, lifetimeMs, progress: new ResumableProgress({} as never), quota: { reserve: async () => undefined, release: async () => undefined } }));
  const upload = { id: randomUUID(), size: 3, offset: 0, metadata: { ownerId: 'alice' }, creation_date: new Date().toISOString() };
  await now!.create(upload as never);
  expect(await now!.deleteExpired()).toBe(0);
  expect(await later!.deleteExpired()).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test('however many there are, few files are open to find those whose time is over', async () => {
  let [reading, most] = [0, 0];
  class CountingStore extends ResumableStore {
    override async find(id: string) {
      most = Math.max(most, ++reading);
      return super.find(id).finally(() => reading--);
    }
  }
  const store = new CountingStore({ folder: path.join(house.folder, 'many-uploads'), lifetimeMs: 3_600_000, progress: new ResumableProgress({} as never), quota: { reserve: async () => undefined, release: async () => undefined } });
  for (let index = 0; index < 50; index += 1) await store.create({ id: randomUUID(), size: 3, offset: 0, metadata: { ownerId: 'alice' }, creation_date: new Date().toISOString() } as never);
  expect(await store.deleteExpired()).toBe(0);
  expect(most).toBeLessThan(10);
});
