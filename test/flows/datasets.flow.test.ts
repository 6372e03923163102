import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarOf, zipOf } from '../../subgraphs/ai-arts/src/testkit/archives.js';
import { beginUpload, operationForm } from '../../gateway/src/testkit/multipart.client.js';
import { actor, admin } from '../testkit/actor.js';
import { DATASET, fileHoldings, Librarian } from '../testkit/library.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { subscribe } from '../testkit/subscription.js';

// Alice keeps data and models for herself and for others, and nothing is left of what goes wrong.

let platform: Platform;
let alice: Librarian;
let bob: Librarian;

beforeAll(async () => {
  platform = await startPlatform();
  const root = await admin(platform);
  alice = new Librarian(await actor(root, 'alice'));
  bob = new Librarian(await actor(root, 'bob'));
});

afterAll(() => platform?.dispose());

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const holdings = () => fileHoldings(platform);

test('a dataset is uploaded while its progress is watched, listed, shared, downloaded and deleted', async () => {
  const progress = await subscribe(alice.actor, 'subscription { uploadProgress { token state receivedBytes totalFiles fileSet { owner { username } } } }');
  await until('the subscription to begin', async () => {
    await alice.send('mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { id } }', { purpose: 'CODE', token: 'first' }, 'x.py', 'x');
    return progress.events.length > 0;
  });
  const zip = zipOf([{ name: '训练/1.txt', data: 'one' }, { name: '训练/2.txt', data: 'two' }]);
  const dataset = await alice.dataset('数字', '数字.zip', zip, { token: 'digits', alias: 'latest', description: 'digits' });
  const list = `${sha256('one')}  训练/1.txt\n${sha256('two')}  训练/2.txt\n`;
  expect(dataset).toMatchObject({ name: '数字', version: '1', fileCount: 2, sizeBytes: 6, sha256: sha256(list), isPrivate: true });
  await until('it to be READY', async () => progress.events.at(-1)?.uploadProgress.totalFiles === 2);
  const told = progress.events.map(({ uploadProgress }) => uploadProgress).filter(({ token }) => token === 'digits');
  expect([...new Set(told.map(({ state }) => state))]).toEqual(['RECEIVING', 'UNPACKING', 'READY']);
  expect(told.at(-1)).toEqual({ token: 'digits', state: 'READY', receivedBytes: zip.length, totalFiles: 2, fileSet: { owner: { username: 'alice' } } });
  await progress.end();

  expect(await bob.datasets()).toEqual([]);
  expect((await bob.actor.graph('query ($id: ID!) { dataset(id: $id) { id } }', { id: dataset.id })).errors[0]?.extensions.code).toBe('NOT_YOURS');
  await alice.actor.ask('mutation ($id: ID!) { updateDataset(input: { id: $id, isPrivate: false }) { id } }', { id: dataset.id });
  const [seen] = await bob.datasets({ name: '数' });
  expect(seen).toMatchObject({ id: dataset.id, isPrivate: false });
  const { dataset: read } = await bob.actor.ask('query ($id: ID!) { dataset(id: $id) { files { totalCount nodes { path sha256 } } } }', { id: dataset.id });
  expect(read).toEqual({ files: { totalCount: 2, nodes: [{ path: '训练/1.txt', sha256: sha256('one') }, { path: '训练/2.txt', sha256: sha256('two') }] } });
  const download = await fetch(new URL(seen!.downloadUrl, platform.url));
  expect([download.status, download.headers.get('content-disposition')]).toEqual([200, expect.stringContaining('attachment')]);
  expect((await download.arrayBuffer()).byteLength).toBeGreaterThan(0);

  expect((await bob.actor.graph('mutation ($id: ID!) { deleteDataset(id: $id) }', { id: dataset.id })).errors[0]?.extensions.code).toBe('NOT_YOURS');
  await alice.actor.ask('mutation ($id: ID!) { deleteDataset(id: $id) }', { id: dataset.id });
  expect([await alice.datasets(), await bob.datasets()]).toEqual([[], []]);
});

test('a model of one file is downloaded as it was uploaded', async () => {
  const onnx = Buffer.concat([Buffer.from([0x08, 0x08]), Buffer.alloc(100_000, 'weights')]);
  const { data, errors } = await alice.send('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id format sha256 downloadUrl owner { username } } }', { name: 'net' }, 'net.onnx', onnx);
  expect(errors).toEqual([]);
  expect(data.uploadModel).toMatchObject({ format: 'onnx', sha256: sha256(onnx), owner: { username: 'alice' } });
  const download = await fetch(new URL(data.uploadModel.downloadUrl as string, platform.url));
  expect(sha256(Buffer.from(await download.arrayBuffer()))).toBe(sha256(onnx));
});

test('uploaded code becomes a dataset only when it was uploaded as data, and of a name only once', async () => {
  const upload = async (purpose: string) => {
    const { data } = await alice.send('mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }', { purpose }, 'x.csv', '1,2');
    return data.uploadFiles.path as string;
  };
  const [code, data] = [await upload('CODE'), await upload('DATASET')];
  const register = (path: string) => alice.actor.graph(`mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { ${DATASET} } }`, { input: { name: 'points', path } });
  expect((await register(code)).errors[0]?.extensions).toMatchObject({ code: 'PATH_MISSING', field: 'input.path' });
  expect((await register(data)).errors).toEqual([]);
  expect((await register(data)).errors[0]?.extensions).toMatchObject({ code: 'NAME_TAKEN', field: 'input.name' });
  // Another user may have one of the same name, but not of somebody else's files.
  expect((await bob.actor.graph('mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { id } }', { input: { name: 'points', path: data } })).errors[0]?.extensions.code).toBe('PATH_MISSING');
  expect(await bob.dataset('points', 'x.csv', '3,4')).toMatchObject({ name: 'points' });
});

test('what leads out, what is broken and what breaks off leaves nothing', { tags: ['ai-arts/rules/broken-upload', 'ai-arts/4.4/names'] }, async () => {
  const before = await holdings();
  const uploadFiles = (fileName: string, body: Buffer) => alice.send('mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }', { purpose: 'DATASET' }, fileName, body);
  const evil = await tarOf({ 'ok.txt': 'x', '../../evil.txt': 'x' });
  for (const [fileName, body, code] of [['x.tar', evil, 'PATH_INVALID'], ['x.tar', evil.subarray(0, 700), 'ARCHIVE_BROKEN'], ['x.zip', evil, 'FILE_TYPE_REFUSED']] as const) {
    expect((await uploadFiles(fileName, body)).errors[0]?.extensions.code).toBe(code);
  }
  const query = 'mutation ($file: Upload!) { uploadFiles(input: { file: $file, purpose: DATASET }) { path } }';
  const form = operationForm({ query, variables: { file: null }, map: { file: ['variables.file'] }, files: { file: Buffer.alloc(3_000_000, 'x') } });
  const socket = await beginUpload(`${platform.url}/graphql`, form.subarray(0, 2_000_000), form.length, { authorization: `Bearer ${alice.actor.credential}` });
  await until('it to arrive', async () => (await holdings()).between.length > before.between.length);
  socket.destroy();
  await until('nothing to be left', async () => JSON.stringify(await holdings()) === JSON.stringify(before));
  expect(before).toMatchObject({ stored: before.recorded, incoming: [] });
});
