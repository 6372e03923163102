import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from '@hutong/common';
import type { Answer } from '@hutong/common/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarOf } from '../testkit/archives.js';
import { filesHouse, uploadOf, type FilesActor, type FilesHouse } from '../testkit/files.house.js';

const DATASET = 'id name version alias description isPrivate path sizeBytes fileCount sha256 createdAt updatedAt';
const REGISTER = `mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { ${DATASET} files { nodes { path } } } }`;
const UPLOAD = `mutation ($input: UploadDatasetInput!) { uploadDataset(input: $input) { ${DATASET} files { nodes { path } } } }`;
const LIST = `query ($filter: DatasetFilter, $orderBy: ArtifactOrder, $direction: SortDirection, $first: Int, $after: String, $offset: Int) {
  datasets(filter: $filter, orderBy: $orderBy, direction: $direction, first: $first, after: $after, offset: $offset) { totalCount nodes { id name version } pageInfo { endCursor hasNextPage } } }`;

let house: FilesHouse;
const signal = new AbortController().signal;

beforeAll(async () => {
  house = await filesHouse({ deletedMs: 0 });
});

afterAll(() => house?.close());

async function registered(actor: FilesActor, name: string, input: Record<string, unknown> = {}) {
  const { path: at } = await actor.uploaded('points.csv', Buffer.from(name));
  const { data, errors } = await actor.ask(REGISTER, { input: { name, path: at, ...input } });
  expect(errors).toEqual([]);
  return data.registerDataset;
}

test('an upload becomes a dataset, whose files stay when unclaimed uploads expire', async () => {
  const alice = house.actor();
  const set = await alice.uploaded('mnist.tar', await tarOf({ 'train/a.txt': 'a', 'train/b.txt': 'bb', 'test/c.txt': 'ccc' }));
  const { data } = await alice.ask(REGISTER, { input: { name: '手写数字', description: 'digits', path: `${set.path}/train` } });
  expect(data.registerDataset).toMatchObject({ name: '手写数字', version: '1', alias: null, isPrivate: true, path: `dataset/${set.id}/train`, sizeBytes: 3, fileCount: 2, files: { nodes: [{ path: 'train/a.txt' }, { path: 'train/b.txt' }] } });
  expect((await alice.ask('query ($id: ID!) { fileSet(id: $id) { expiresAt } }', { id: set.id })).data.fileSet).toEqual({ expiresAt: null });
});

test('a dataset can come with the request, and leaves nothing when its name is taken meanwhile', async () => {
  const alice = house.actor();
  const upload = (name: string) => alice.ask(UPLOAD, { input: { name, file: uploadOf('x.txt', Buffer.from('x')) } });
  expect((await upload('one')).data.uploadDataset).toMatchObject({ name: 'one', fileCount: 1, sizeBytes: 1 });
  const before = await house.keys();
  const both = await Promise.all([upload('two'), upload('two'), upload('one')]);
  expect(both.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code))).toEqual(['NAME_TAKEN', 'NAME_TAKEN']);
  await house.services.fileSweeper.sweep();
  expect((await house.keys()).length).toBe(before.length + 1);
});

test('others see public datasets only, and change none', async () => {
  const [alice, bob, root] = [house.actor(), house.actor(), house.actor({ roles: ['ADMIN'] })];
  const secret = await registered(alice, 'secret of alice');
  const shown = await registered(alice, 'shown by alice', { isPrivate: false });
  const look = (by: FilesActor, id: string) => by.ask('query ($id: ID!) { dataset(id: $id) { name } }', { id });
  expect((await look(bob, secret.id)).errors[0]?.extensions.code).toBe('NOT_YOURS');
  expect((await look(bob, shown.id)).data.dataset.name).toBe('shown by alice');
  expect((await look(root, secret.id)).data.dataset.name).toBe('secret of alice');
  expect((await look(bob, '2147483647')).data.dataset).toBeNull();
  const names = async (by: FilesActor) => (await by.ask(LIST, { filter: { name: 'ALICE' } })).data.datasets.nodes.map(({ name }: { name: string }) => name);
  expect([await names(bob), await names(alice), await names(root)]).toEqual([['shown by alice'], ['shown by alice', 'secret of alice'], ['shown by alice', 'secret of alice']]);
  for (const mutation of ['deleteDataset(id: $id)', 'updateDataset(input: { id: $id, name: "mine" }) { id }']) expect((await bob.ask(`mutation ($id: ID!) { ${mutation} }`, { id: shown.id })).errors[0]?.extensions.code).toBe('NOT_YOURS');
  // The public one can be used by whoever sees it.
  await house.services.files.resolve({ em: house.em(), caller: bob.as }, shown.path);
  await expect(house.services.files.resolve({ em: house.em(), caller: bob.as }, secret.path)).rejects.toMatchObject({ code: 'PATH_MISSING' });
  await alice.ask('mutation ($id: ID!) { updateDataset(input: { id: $id, isPrivate: true }) { id } }', { id: shown.id });
  await expect(house.services.files.resolve({ em: house.em(), caller: bob.as }, shown.path)).rejects.toMatchObject({ code: 'PATH_MISSING' });
});

test('a public dataset of one folder shows nothing of the files beside it', async () => {
  const [alice, bob] = [house.actor(), house.actor()];
  const set = await alice.uploaded('both.tar', await tarOf({ 'shown/a.txt': 'a', 'secret/b.txt': 'b' }));
  const { registerDataset } = (await alice.ask(REGISTER, { input: { name: 'one folder', path: `${set.path}/shown`, isPrivate: false } })).data;
  const resolve = (at: string) => house.services.files.resolve({ em: house.em(), caller: bob.as }, at).then(({ folder }) => folder, ({ code }: { code: string }) => code);
  const seen = async () => (await bob.ask('query ($id: ID!) { fileSet(id: $id) { path } }', { id: set.id })).data.fileSet as unknown;
  expect((await bob.ask('query ($id: ID!) { dataset(id: $id) { files { nodes { path } } } }', { id: registerDataset.id })).data.dataset.files.nodes).toEqual([{ path: 'shown/a.txt' }]);
  expect(await Promise.all(['/shown', '/shown/a.txt', '', '/secret', '/secret/b.txt', '/show'].map((rest) => resolve(set.path + rest)))).toEqual(['shown', 'shown/a.txt', ...Array.from({ length: 4 }, () => 'PATH_MISSING')]);
  expect(await seen()).toBeNull();
  const whole = (await alice.ask(REGISTER, { input: { name: 'all of it', path: set.path, isPrivate: false } })).data.registerDataset;
  expect(await seen()).toEqual({ path: set.path });
  await alice.ask('mutation ($id: ID!) { deleteDataset(id: $id) }', { id: whole.id });
  expect(await seen()).toBeNull();
  expect(await resolve(`${set.path}/shown`)).toBe('shown');
  await alice.ask('mutation ($id: ID!) { updateDataset(input: { id: $id, isPrivate: true }) { id } }', { id: registerDataset.id });
  expect(await resolve(`${set.path}/shown`)).toBe('PATH_MISSING');
});

test('versions of a name stand beside each other, and an alias moves to the one that takes it', async () => {
  const alice = house.actor();
  const [one, two] = [await registered(alice, 'v', { alias: 'latest' }), await registered(alice, 'v', { version: '2', alias: 'latest' })];
  const aliases = async () => Promise.all([one, two].map(async ({ id }) => (await alice.ask('query ($id: ID!) { dataset(id: $id) { alias } }', { id })).data.dataset.alias));
  expect(await aliases()).toEqual([null, 'latest']);
  await alice.ask('mutation ($id: ID!) { updateDataset(input: { id: $id, alias: "latest" }) { id } }', { id: one.id });
  expect(await aliases()).toEqual(['latest', null]);
  const { errors } = await alice.ask(REGISTER, { input: { name: 'v', version: '2', path: two.path } });
  expect(errors[0]?.extensions).toMatchObject({ code: 'NAME_TAKEN', field: 'input.name' });
});

test('a list is paged by cursor and by number, in any order', async () => {
  const alice = house.actor();
  for (const name of ['b', 'd', 'a', 'c', 'e']) await registered(alice, name);
  const all: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page: Answer = await alice.ask(LIST, { filter: { owner: alice.as.userId }, orderBy: 'NAME', direction: 'ASCENDING', first: 2, after });
    const { nodes, pageInfo } = page.data.datasets;
    all.push(...nodes.map(({ name }: { name: string }) => name));
    [after, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
  }
  expect(all).toEqual(['a', 'b', 'c', 'd', 'e']);
  const numbered = (await alice.ask(LIST, { filter: { owner: alice.as.userId }, first: 2, offset: 3 })).data.datasets;
  expect(numbered).toMatchObject({ totalCount: 5, nodes: [{ name: 'd' }, { name: 'b' }] });
  expect((await alice.ask(LIST, { after: 'rubbish' })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'after' });
});

test('names of 10,000 characters, and paths that lead elsewhere, are refused by the field', async () => {
  const alice = house.actor();
  const { path: at, id } = await alice.uploaded('x.csv', Buffer.from('x'));
  const refusal = async (input: Record<string, unknown>) => {
    const [error] = (await alice.ask(REGISTER, { input: { name: 'n', path: at, ...input } })).errors;
    return `${error?.extensions.code} ${String(error?.extensions.field)}`;
  };
  const long = 'x'.repeat(10_001);
  expect(await Promise.all([{ name: long }, { name: '' }, { name: '\0' }, { version: long }, { version: '' }, { alias: long }, { description: long }].map(refusal))).toEqual(
    ['name', 'name', 'name', 'version', 'version', 'alias', 'description'].map((field) => `BAD_INPUT input.${field}`),
  );
  const tricks = ['', '/', '/etc/passwd', '../x', `${at}/../../x`, `${at}/./x`, `${at}//x.csv`, `${at}\\x.csv`, 'C:/x', `${at}/x\n`, `${at}/x.csv/.`, `${at}/ `, long, 'shared/../sets', '//shared/x', 'nothing/of/ours', `dataset/${id.toUpperCase()}`, `${at}/\u202e`, `${at}/\ud800`];
  expect(await Promise.all(tricks.map((trick) => refusal({ path: trick })))).toEqual(tricks.map(() => expect.stringMatching(/^(PATH_INVALID|BAD_INPUT) input.path$/)));
  const missing = [`${at}/other.csv`, `model/${id}`, 'dataset/00000000-0000-0000-0000-000000000000', 'shared/nothing', 'shared/nothing/at/all'];
  expect(await Promise.all(missing.map((path) => refusal({ path })))).toEqual(missing.map(() => 'PATH_MISSING input.path'));
});

test("administrators' files become a dataset where they are, and stay when it is deleted", async () => {
  async function* body() {
    yield Buffer.from('shared');
  }
  await house.store.put('shared/coco/train/1.txt', body(), signal);
  await house.store.put('shared/coco/2.txt', body(), signal);
  const alice = house.actor();
  const { data } = await alice.ask(REGISTER, { input: { name: 'coco', path: 'shared/coco' } });
  expect(data.registerDataset).toMatchObject({ fileCount: 2, sizeBytes: 12, files: { nodes: [{ path: '2.txt' }, { path: 'train/1.txt' }] } });
  const one = (await alice.ask(REGISTER, { input: { name: 'one of coco', path: 'shared/coco/2.txt' } })).data.registerDataset;
  expect(one).toMatchObject({ fileCount: 1, sizeBytes: 6 });
  const staged = await house.services.files.stage(one.path.split('/')[1], signal);
  expect(await readFile(path.join(staged, '2.txt'), 'utf8')).toBe('shared');
  for (const { id } of [data.registerDataset, one]) await alice.ask('mutation ($id: ID!) { deleteDataset(id: $id) }', { id });
  await house.services.fileSweeper.sweep();
  expect((await house.keys()).filter((key) => key.startsWith('shared/'))).toEqual(['shared/coco/2.txt', 'shared/coco/train/1.txt']);
});

test("administrators' files that take long to be looked through can be registered when they were", async () => {
  await house.store.put('shared/slow.txt', (async function* () { yield Buffer.from('slow'); })(), signal);
  const go = Promise.withResolvers<void>();
  house.store.before = (step) => (step === 'get' ? go.promise : undefined);
  const alice = house.actor();
  const { errors } = await alice.ask(REGISTER, { input: { name: 'slow', path: 'shared/slow.txt', waitSeconds: 0 } });
  expect(errors[0]?.extensions.code).toBe('UPLOAD_FAILED');
  const [at] = /dataset\/[-0-9a-f]+\/slow\.txt/.exec(errors[0]!.message)!;
  go.resolve();
  const register = () => alice.ask(REGISTER, { input: { name: 'slow', path: at } });
  let answer = await register();
  for (const deadline = Date.now() + 20_000; answer.errors[0]?.extensions.code === 'PATH_MISSING' && Date.now() < deadline; answer = await register());
  expect(answer.data.registerDataset).toMatchObject({ fileCount: 1, sizeBytes: 4 });
  house.store.before = () => undefined;
});

test('a dataset that a job uses is not deleted; afterwards its files go with it, and its name is free', async () => {
  const alice = house.actor();
  const dataset = await registered(alice, 'used');
  const fileSetId = dataset.path.split('/')[1] as string;
  const { files, fileSweeper } = house.services;
  await house.em().transactional((tx) => files.claim(tx, fileSetId, 'run:a-job'));
  const drop = () => alice.ask('mutation ($id: ID!) { deleteDataset(id: $id) }', { id: dataset.id });
  expect((await drop()).errors[0]?.extensions.code).toBe('DATASET_IN_USE');
  await house.em().transactional((tx) => files.release(tx, 'run:a-job'));
  expect((await drop()).data).toEqual({ deleteDataset: true });
  expect((await drop()).errors[0]?.extensions.code).toBe('DATASET_NOT_FOUND');
  await expect(house.em().transactional((tx) => files.claim(tx, fileSetId, 'run:another'))).rejects.toMatchObject({ code: 'PATH_MISSING' });
  await fileSweeper.sweep();
  expect((await house.keys()).filter((key) => key.includes(fileSetId))).toEqual([]);
  expect(await sql(house.em(), 'select from ai_arts.file_set where id = $1', [fileSetId])).toEqual([]);
  await registered(alice, 'used');
});
