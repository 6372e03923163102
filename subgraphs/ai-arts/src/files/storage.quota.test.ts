import { sql } from '@hutong/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarOf } from '../testkit/archives.js';
import { filesHouse, type FilesActor, type FilesHouse } from '../testkit/files.house.js';
import { routeServer, type RouteServer } from '../testkit/route.server.js';
import { bodyOf } from './file-set.draft.js';

const MIB = 1024 * 1024;
const QUOTA = 10 * MIB;
const SETS = 12;

let house: FilesHouse;
let server: RouteServer;

beforeAll(async () => {
  house = await filesHouse({ deletedMs: 3_600_000, quota: { bytes: QUOTA, sets: SETS } });
  server = await routeServer(house.subgraph.routes);
});

afterAll(async () => {
  await server?.stop();
  await house?.close();
});

const useOf = async (actor: FilesActor) => (await actor.ask('{ storage { usedBytes deletedBytes quotaBytes setCount mostSets } }')).data.storage;

function create(actor: FilesActor, length: number): Promise<Response> {
  const metadata = `filename ${Buffer.from('x.bin').toString('base64')},purpose ${Buffer.from('DATASET').toString('base64')}`;
  return fetch(new URL('/ai_arts/uploads', server.url), { method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': String(length), 'upload-metadata': metadata, ...server.as(actor.as) } });
}

const patch = (actor: FilesActor, place: string, bytes: Buffer<ArrayBuffer>): Promise<Response> =>
  fetch(new URL(place, server.url), { method: 'PATCH', headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', ...server.as(actor.as) }, body: bytes });

test('what a user has is counted, until it is removed', async () => {
  const [alice, bob] = [house.actor(), house.actor()];
  expect(await useOf(alice)).toEqual({ usedBytes: 0, deletedBytes: 0, quotaBytes: QUOTA, setCount: 0, mostSets: SETS });
  const { id } = await alice.uploaded('a.bin', Buffer.alloc(6 * MIB));
  await alice.uploaded('x.tar', await tarOf({ 'a.txt': 'one', 'b.txt': 'two' }));
  expect(await useOf(alice)).toMatchObject({ usedBytes: 6 * MIB + 6, setCount: 2 });
  expect(await useOf(bob)).toMatchObject({ usedBytes: 0, setCount: 0 });
  expect(await alice.refused('b.bin', Buffer.alloc(5 * MIB))).toContain('AI_ARTS_USER_BYTES');
  await house.services.files.discard(id);
  expect(await useOf(alice)).toMatchObject({ usedBytes: 6 * MIB + 6, deletedBytes: 6 * MIB, setCount: 2 });
  expect(await alice.refused('b.bin', Buffer.alloc(5 * MIB))).toMatch(/^FILES_TOO_LARGE .*until they are removed/);
  await sql(house.em(), 'update ai_arts.file_set set expires_at = now() where id = $1', [id]);
  await house.services.fileSweeper.sweep();
  expect(await useOf(alice)).toMatchObject({ usedBytes: 6, deletedBytes: 0, setCount: 1 });
  await alice.uploaded('b.bin', Buffer.alloc(5 * MIB));
});

test('an upload without end is refused when the room is used up, and leaves nothing', async () => {
  const alice = house.actor();
  const keys = await house.keys();
  let sent = 0;
  async function* endless() {
    for (; sent < 1_000 * MIB; sent += MIB) yield Buffer.alloc(MIB);
  }
  for (const name of ['x.bin', 'x.tar']) {
    sent = 0;
    expect(await alice.refused(name, endless())).toMatch(/^FILES_TOO_LARGE /);
    expect(sent).toBeLessThan(100 * MIB);
  }
  expect(await useOf(alice)).toMatchObject({ usedBytes: 0, setCount: 0 });
  expect(await house.keys()).toEqual(keys);
});

test('an archive is refused by what it unpacks to', async () => {
  const alice = house.actor();
  await alice.uploaded('a.bin', Buffer.alloc(6 * MIB));
  const tar = await tarOf({ 'a.txt': 'x'.repeat(3 * MIB), 'b.txt': 'y'.repeat(3 * MIB) });
  expect(await alice.refused('x.tar', tar)).toMatch(/^FILES_TOO_LARGE /);
  expect(await useOf(alice)).toMatchObject({ usedBytes: 6 * MIB, setCount: 1 });
});

test('of uploads beside each other as many are taken as there is room for', async () => {
  const alice = house.actor();
  const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => alice.upload(`${index}.bin`, Buffer.alloc(4 * MIB))));
  const codes = answers.map(({ data, errors }) => data?.uploadFiles?.state ?? errors[0]?.extensions.code);
  const taken = codes.filter((code) => code === 'READY').length;
  expect(taken).toBeLessThanOrEqual(2);
  expect(codes.filter((code) => code === 'FILES_TOO_LARGE')).toHaveLength(6 - taken);
  expect(await useOf(alice)).toMatchObject({ usedBytes: taken * 4 * MIB, setCount: taken });
  await alice.uploaded('last.bin', Buffer.alloc(2 * MIB));
});

test('a resumable upload has its room from its beginning on, before a byte of it is sent', async () => {
  const alice = house.actor();
  const answers = await Promise.all(Array.from({ length: 6 }, () => create(alice, 4 * MIB)));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 413, 413, 413, 413]);
  expect(await answers.find(({ status }) => status === 413)!.text()).toContain('AI_ARTS_USER_BYTES');
  expect(await useOf(alice)).toMatchObject({ usedBytes: 8 * MIB, setCount: 0 });
  expect(await alice.refused('b.bin', Buffer.alloc(3 * MIB))).toMatch(/^FILES_TOO_LARGE /);
  const [one, other] = answers.filter(({ status }) => status === 201).map(({ headers }) => headers.get('location')!);
  expect((await patch(alice, one!, Buffer.alloc(4 * MIB))).status).toBe(204);
  expect(await useOf(alice)).toMatchObject({ usedBytes: 8 * MIB, setCount: 1 });
  expect((await fetch(new URL(other!, server.url), { method: 'DELETE', headers: { 'tus-resumable': '1.0.0', ...server.as(alice.as) } })).status).toBe(204);
  expect(await useOf(alice)).toMatchObject({ usedBytes: 4 * MIB, setCount: 1 });
});

test('sets are counted, too, and files of administrators are not', async () => {
  const alice = house.actor();
  await house.store.put('shared/large.bin', bodyOf(Buffer.alloc(11 * MIB)), new AbortController().signal);
  const registered = await alice.ask('mutation { registerFiles(input: { path: "shared/large.bin", purpose: DATASET, waitSeconds: 60 }) { state } }');
  expect(registered.data.registerFiles).toEqual({ state: 'READY' });
  expect(await useOf(alice)).toMatchObject({ usedBytes: 0, setCount: 1 });
  for (let index = 1; index < SETS; index += 1) await alice.uploaded(`${index}.txt`, Buffer.from('x'));
  expect(await alice.refused('more.txt', Buffer.from('x'))).toMatch(/^LIMIT_EXCEEDED .*AI_ARTS_USER_SETS/);
  expect(await useOf(alice)).toMatchObject({ setCount: SETS });
});
