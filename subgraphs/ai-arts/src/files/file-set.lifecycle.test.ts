import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '@hutong/common';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { StoreError } from '../drivers/store/store.js';
import { tarOf } from '../testkit/archives.js';
import { filesHouse, uploadOf, type FilesHouse } from '../testkit/files.house.js';
import { FilePurpose } from './file-set.entity.js';

let house: FilesHouse;
const signal = new AbortController().signal;

beforeAll(async () => {
  house = await filesHouse({ deletedMs: 0, cacheBytes: 25 });
});

afterEach(() => {
  house.store.before = () => undefined;
});

afterAll(() => house?.close());

const sweep = (of: FilesHouse = house) => of.services.fileSweeper.sweep();
const rows = () => sql<{ id: string; state: string }>(house.em(), 'select id, state from ai_arts.file_set');
const keysOf = async (id: string) => (await house.keys()).filter((key) => key.includes(id));

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await holds()); await delay(10)) if (Date.now() > deadline) throw new Error(`waited for ${what}`);
}

/** A body that says when it is being read, and goes on when told to. */
function held(bytes: string) {
  const [reading, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  async function* body() {
    yield Buffer.from(bytes);
    reading.resolve();
    await go.promise;
    yield Buffer.from(bytes);
  }
  return { body: body(), reading: reading.promise, go: go.resolve, fail: go.reject };
}

test('an upload that nothing uses expires with its files; one that is used stays', async () => {
  const alice = house.actor();
  const [left, used] = [await alice.uploaded('a.txt', Buffer.from('a')), await alice.uploaded('b.txt', Buffer.from('b'))];
  await house.em().transactional((tx) => house.services.files.claim(tx, used.id, 'job:1'));
  await sql(house.em(), `update ai_arts.file_set set expires_at = now() - interval '1 second' where id = $1`, [left.id]);
  await sweep();
  expect([await keysOf(left.id), (await keysOf(used.id)).length]).toEqual([[], 1]);
  expect((await alice.ask('query ($id: ID!) { fileSet(id: $id) { id } }', { id: left.id })).data.fileSet).toBeNull();
  await house.em().transactional((tx) => house.services.files.release(tx, 'job:1'));
  await sweep();
  expect(await keysOf(used.id)).toEqual([]);
});

const stateOf = async (id: string) => (await rows()).find((row) => row.id === id)?.state;

test('files that somebody begins to use while the last other one lets go of them are kept', async () => {
  const { id } = await house.actor().uploaded('a.txt', Buffer.from('a'));
  const { files } = house.services;
  await house.em().transactional((tx) => files.claim(tx, id, 'job:1'));
  const [begun, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const claiming = house.em().transactional(async (tx) => {
    await files.claim(tx, id, 'job:2');
    begun.resolve();
    await commit.promise;
  });
  await begun.promise;
  const releasing = house.em().transactional((tx) => files.release(tx, 'job:1'));
  await eventually('the release to wait', async () => (await sql(house.em(), `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length > 0);
  commit.resolve();
  await Promise.all([claiming, releasing]);
  expect(await stateOf(id)).toBe('READY');
});

test('files that their last two users let go of at the same time are deleted', async () => {
  const { id } = await house.actor().uploaded('a.txt', Buffer.from('a'));
  const { files } = house.services;
  for (const claimant of ['job:3', 'job:4'] as const) await house.em().transactional((tx) => files.claim(tx, id, claimant));
  const [begun, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = house.em().transactional(async (tx) => {
    await files.release(tx, 'job:3');
    begun.resolve();
    await commit.promise;
  });
  await begun.promise;
  const second = house.em().transactional((tx) => files.release(tx, 'job:4'));
  await eventually('the second to wait', async () => (await sql(house.em(), `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length > 0);
  commit.resolve();
  await Promise.all([first, second]);
  expect(await stateOf(id)).toBe('DELETING');
});

test('files that the store does not let go are removed later', async () => {
  const alice = house.actor();
  const set = await alice.uploaded('a.txt', Buffer.from('a'));
  house.store.before = (step) => {
    if (step === 'deleteAll') throw new StoreError('UNREACHABLE', 'away');
  };
  await house.services.files.discard(set.id);
  await expect(sweep()).rejects.toThrow('away');
  expect((await rows()).find(({ id }) => id === set.id)?.state).toBe('DELETING');
  house.store.before = () => undefined;
  await sweep();
  expect([await keysOf(set.id), (await rows()).some(({ id }) => id === set.id)]).toEqual([[], false]);
});

test('files that the store never lets go keep no others from being removed', async () => {
  const alice = house.actor();
  const stuck = await alice.uploaded('a.txt', Buffer.from('a'));
  const other = await alice.uploaded('b.txt', Buffer.from('b'));
  house.store.before = (step, key) => {
    if (step === 'deleteAll' && key.includes(stuck.id)) throw new StoreError('REFUSED', 'locked');
  };
  for (const { id } of [stuck, other]) await house.services.files.discard(id);
  await expect(sweep()).rejects.toThrow('locked');
  expect([await stateOf(stuck.id), await stateOf(other.id)]).toEqual(['DELETING', undefined]);
  house.store.before = () => undefined;
  await sweep();
  expect(await stateOf(stuck.id)).toBeUndefined();
});

test('an upload whose sender goes away, or whose process stops, leaves nothing', async () => {
  const before = [await house.keys(), (await rows()).length];
  const gone = new AbortController();
  const { body, reading } = held('x'.repeat(2_000_000));
  const scope = { caller: house.actor().as, signal: gone.signal };
  const upload = house.services.uploads.receive(scope, { purpose: FilePurpose.DATASET }, { name: 'x.bin', open: () => body });
  const ended = expect(upload).rejects.toThrow('hung up');
  await reading;
  gone.abort(new Error('hung up'));
  await ended;
  const second = await filesHouse({ deletedMs: 0 }, house);
  const other = held('x');
  const archive = second.actor().upload('x.tar', other.body);
  await other.reading;
  await second.close();
  expect((await archive).errors).toHaveLength(1);
  expect([await house.keys(), (await rows()).length]).toEqual(before);
  expect(await readdir(path.join(house.folder, 'ai-arts/incoming'))).toEqual([]);
});

test('what a dead process was taking in is given up and removed; what a living one is at stays', async () => {
  const second = await filesHouse({ deletedMs: 0 }, house);
  const { body, reading, go } = held('x');
  const living = second.actor().uploaded('x.txt', body);
  await reading;
  // As a process leaves it that was killed: the row, a part of its files, its archive.
  const dead = '11111111-1111-4111-8111-111111111111';
  const worker = '22222222-2222-4222-8222-222222222222';
  await sql(house.em(), `insert into ai_arts.file_set (id, owner_id, purpose, is_private, state, prefix, folder, worker, expires_at) values ($1, 'alice', 'DATASET', true, 'UNPACKING', $3, '', $2, now() + interval '1 day')`, [dead, worker, `sets/${dead}/`]);
  await house.store.put(`sets/${dead}/half.txt`, (async function* () { yield Buffer.from('half'); })(), signal);
  const incoming = path.join(house.folder, 'ai-arts/incoming');
  await mkdir(incoming, { recursive: true });
  await writeFile(path.join(incoming, dead), 'PK');
  await sweep();
  expect([await keysOf(dead), await readdir(incoming), (await rows()).some(({ id }) => id === dead)]).toEqual([[], [], false]);
  go();
  const set = await living;
  expect(await keysOf(set.id)).toHaveLength(1);
  await second.close();
});

test('a set that is deleted while it is staged is missing, and leaves no half of it', async () => {
  const alice = house.actor();
  const set = await alice.uploaded('x.tar', await tarOf({ a: 'a', b: 'b' }));
  house.store.before = async (step, key) => {
    if (step !== 'get' || !key.endsWith('/b')) return;
    house.store.before = () => undefined;
    await house.services.files.discard(set.id);
    await sweep();
  };
  await expect(house.services.files.stage(set.id, signal)).rejects.toMatchObject({ code: 'PATH_MISSING' });
  await expect(house.services.files.stage(set.id, signal)).rejects.toMatchObject({ code: 'PATH_MISSING' });
  expect((await readdir(path.join(house.folder, 'ai-arts/cache'))).filter((name) => name.startsWith('unfinished'))).toEqual([]);
});

test('what the store has changed is never staged', async () => {
  const alice = house.actor();
  const set = await alice.uploaded('a.txt', Buffer.from('true'));
  await house.store.put(`sets/${set.id}/a.txt`, (async function* () { yield Buffer.from('false'); })(), signal);
  await expect(house.services.files.stage(set.id, signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('the cache lets go of what was used least recently, but of nothing that a job uses', async () => {
  const alice = house.actor();
  const staged: string[] = [];
  for (const text of ['one'.padEnd(10, '.'), 'two'.padEnd(10, '.'), 'three'.padEnd(10, '.')]) {
    const set = await alice.uploaded('a.txt', Buffer.from(text));
    if (staged.length === 0) await house.em().transactional((tx) => house.services.files.claim(tx, set.id, 'run:1'));
    staged.push(await house.services.files.stage(set.id, signal));
    await delay(5);
  }
  await sweep();
  const left = await readdir(path.join(house.folder, 'ai-arts/cache'));
  expect(staged.map((folder) => left.includes(path.basename(folder)))).toEqual([true, false, true]);
});

test('those who wait for the same content share one copy, and one that gives up keeps nobody else from it', async () => {
  const alice = house.actor();
  const set = await alice.uploaded('a.txt', Buffer.from('shared by all'));
  const [asked, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let gets = 0;
  house.store.before = async (step) => {
    if (step !== 'get') return;
    gets++;
    asked.resolve();
    if (gets === 1) await go.promise;
  };
  const impatient = new AbortController();
  const first = expect(house.services.files.stage(set.id, impatient.signal)).rejects.toThrow('impatient');
  await asked.promise;
  const others = Promise.all(Array.from({ length: 5 }, () => house.services.files.stage(set.id, signal)));
  impatient.abort(new Error('impatient'));
  go.resolve();
  await first;
  expect(new Set(await others).size).toBe(1);
  expect(gets).toBe(2);
});

test('progress is told to the uploader alone, by token, up to the end', async () => {
  const [alice, bob] = [house.actor(), house.actor()];
  const listen = (by: typeof alice) => house.subgraph.listen('subscription { uploadProgress(token: "mine") { state receivedBytes unpackedFiles totalFiles fileSet { fileCount } } }', { as: by.as });
  const [hers, his] = await Promise.all([listen(alice), listen(bob)]);
  await bob.uploaded('b.txt', Buffer.from('b'), { token: 'mine' });
  await alice.uploaded('other.txt', Buffer.from('b'), { token: 'another' });
  await alice.uploaded('x.tar', await tarOf({ a: 'a', b: 'b' }), { token: 'mine' });
  const seen = [];
  for await (const { data } of hers) {
    seen.push(data.uploadProgress);
    if (data.uploadProgress.state === 'READY') break;
  }
  expect([...new Set(seen.map(({ state }) => state))]).toEqual(['RECEIVING', 'UNPACKING', 'READY']);
  expect(seen.at(-1)).toEqual({ state: 'READY', receivedBytes: expect.any(Number), unpackedFiles: 2, totalFiles: 2, fileSet: { fileCount: 2 } });
  expect((await his.next()).value.data.uploadProgress).toMatchObject({ state: 'RECEIVING' });
  await his.return?.();
});

test('one that takes long to unpack is answered before, and tells when it is READY', async () => {
  const alice = house.actor();
  const go = Promise.withResolvers<void>();
  house.store.before = (step) => (step === 'put' ? go.promise : undefined);
  const { data } = await alice.upload('x.tar', await tarOf({ a: 'a' }), { waitSeconds: 0 });
  expect(data.uploadFiles).toMatchObject({ state: 'UNPACKING', sha256: null, fileCount: 0 });
  expect((await alice.ask('mutation ($path: String!) { registerDataset(input: { name: "early", path: $path }) { id } }', { path: data.uploadFiles.path })).errors[0]?.extensions.code).toBe('PATH_MISSING');
  go.resolve();
  await eventually('READY', async () => (await alice.ask('query ($id: ID!) { fileSet(id: $id) { state } }', { id: data.uploadFiles.id })).data.fileSet.state === 'READY');
});

test('others use public files by their path, and never private ones', async () => {
  const [alice, bob] = [house.actor(), house.actor()];
  const [secret, shown] = [await alice.uploaded('a.txt', Buffer.from('a')), await alice.uploaded('a.txt', Buffer.from('a'), { isPrivate: false })];
  const resolve = (at: string) => house.services.files.resolve({ em: house.em(), caller: bob.as }, at);
  expect((await resolve(`${shown.path}/a.txt`)).folder).toBe('a.txt');
  await expect(resolve(secret.path)).rejects.toMatchObject({ code: 'PATH_MISSING' });
  expect((await bob.ask(`mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { id } }`, { input: { file: uploadOf('x'.repeat(10_000), Buffer.from('a')), purpose: 'DATASET' } })).errors[0]?.extensions).toMatchObject({ code: 'PATH_INVALID', field: 'input.file' });
});
