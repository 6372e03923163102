import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from '@hutong/common';
import { caller } from '@hutong/common/testkit';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { zipOf } from '../testkit/archives.js';
import { filesHouse, uploadOf, type FilesActor, type FilesHouse } from '../testkit/files.house.js';
import { answers, labelServer, type Behaviour, type LabelServerOfTest } from '../testkit/label-server.js';
import { readLabelServerSettings } from './environment.js';

const FIELDS = 'id name version description isPrivate fileCount labelingProject labelingUrl source { id version } files { nodes { path sha256 } }';
const UPLOAD = `mutation ($input: UploadDatasetInput!) { uploadDataset(input: $input) { ${FIELDS} } }`;
const LINK = `mutation ($input: LinkLabelingProjectInput!) { linkLabelingProject(input: $input) { ${FIELDS} } }`;
const IMPORT = `mutation ($input: ImportAnnotationsInput!) { importAnnotations(input: $input) { ${FIELDS} downloadUrl path } }`;
const LIMIT = 200_000;
const COCO = {
  images: [{ id: 1, file_name: 'a.png', width: 4, height: 4 }, { id: 2, file_name: 'sub/b.png' }],
  categories: [{ id: 1, name: '猫' }],
  annotations: [{ id: 1, image_id: 2, category_id: 1, bbox: [0, 0, 2, 2] }],
};

let labels: LabelServerOfTest;
let house: FilesHouse;
beforeAll(async () => {
  labels = await labelServer();
  house = await filesHouse({ labelServer: readLabelServerSettings({ LABEL_SERVER_URL: `${labels.url}/base`, LABEL_SERVER_PUBLIC_URL: 'https://labels.example/', LABEL_SERVER_IDLE_SECONDS: '1', LABEL_IMPORT_BYTES: String(LIMIT) }), deletedMs: 0 });
});
afterAll(async () => {
  await house?.close();
  await labels?.stop();
});
beforeEach(() => {
  labels.behave(answers(COCO));
});

const PICTURES = { 'a.png': 'picture a', 'sub/b.png': 'picture b', 'notes.txt': 'hello' };

async function linked(actor: FilesActor, name = 'cats') {
  const { data, errors } = await actor.ask(UPLOAD, { input: { name, version: '1', description: 'of cats', file: uploadOf('cats.zip', zipOf(Object.entries(PICTURES).map(([name, text]) => ({ name, data: text })))), waitSeconds: 60 } });
  expect(errors).toEqual([]);
  const { id } = data.uploadDataset as { id: string };
  expect((await actor.ask(LINK, { input: { datasetId: id, projectId: '7' } })).errors).toEqual([]);
  return data.uploadDataset as { id: string; files: { nodes: { path: string; sha256: string }[] } };
}

const imported = (actor: FilesActor, datasetId: string, more: Record<string, unknown> = {}) => actor.ask(IMPORT, { input: { datasetId, version: '2', waitSeconds: 120, ...more } });

/** Refused, with its code and its message; and nothing of it is left. */
async function refusal(actor: FilesActor, datasetId: string, more: Record<string, unknown> = {}): Promise<string> {
  const before = await house.keys();
  const { errors } = await imported(actor, datasetId, more);
  expect(errors).toHaveLength(1);
  expect(await house.keys()).toEqual(before);
  expect(await readdir(path.join(house.folder, 'ai-arts', 'incoming'))).toEqual([]);
  return `${errors[0]!.extensions.code} ${errors[0]!.message}`;
}

test('a dataset is linked to a project, shown at its page, and let go', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const shown = async () => (await alice.ask(`query ($id: ID!) { dataset(id: $id) { labelingProject labelingUrl source { id } } }`, { id })).data.dataset;
  expect(await shown()).toEqual({ labelingProject: '7', labelingUrl: 'https://labels.example/projects/7', source: null });
  await alice.ask(LINK, { input: { datasetId: id } });
  expect(await shown()).toEqual({ labelingProject: null, labelingUrl: null, source: null });
  for (const projectId of ['', '..', '7/../8', '7?x', '//evil', 'x'.repeat(101), '7\n', '%2e']) {
    expect((await alice.ask(LINK, { input: { datasetId: id, projectId } })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.projectId' });
  }
  expect((await house.actor().ask(LINK, { input: { datasetId: id, projectId: '8' } })).errors[0]?.extensions.code).toBe('NOT_YOURS');
  expect((await house.actor({ roles: ['ADMIN'] }).ask(LINK, { input: { datasetId: id, projectId: '8' } })).errors).toEqual([]);
  expect((await alice.ask(LINK, { input: { datasetId: '999999', projectId: '8' } })).errors[0]?.extensions.code).toBe('DATASET_NOT_FOUND');
});

test('labels become a version of the dataset, with its files and what it was made of', async () => {
  const alice = house.actor({ username: 'alice' });
  const first = await linked(alice);
  const { data, errors } = await imported(alice, first.id);
  expect(errors).toEqual([]);
  const second = data.importAnnotations;
  expect(second).toMatchObject({ name: 'cats', version: '2', description: 'of cats', isPrivate: true, fileCount: 4, labelingProject: '7', source: { id: first.id, version: '1' } });
  expect(second.files.nodes.map(({ path }: { path: string }) => path)).toEqual(['a.png', 'annotations.json', 'notes.txt', 'sub/b.png']);
  expect(second.files.nodes).toEqual(expect.arrayContaining(first.files.nodes));
  const staged = await house.services.files.stage(second.path.split('/')[1], new AbortController().signal);
  const { default: written } = await import(path.join(staged, 'annotations.json'), { with: { type: 'json' } });
  expect(written).toEqual(COCO);
  expect(labels.received.map(({ url, headers }) => [url, headers.authorization?.startsWith('Bearer ey')])).toEqual([['/base/api/projects/7/export?exportType=COCO', true]]);
  // Of the pictures nothing was written anew.
  const store = path.join(house.folder, 'store', 'files');
  const pictures = (await readdir(store, { recursive: true })).filter((file) => file.includes(second.path.split('/')[1]) && /a\.png/.test(file));
  expect(await Promise.all(pictures.map(async (file) => (await stat(path.join(store, file))).nlink))).toEqual([2]);
});

test('files of the two versions go each for itself, and labels of a labelled version take the place of the old ones', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const second = (await imported(alice, id)).data.importAnnotations;
  labels.behave(answers({ ...COCO, annotations: [] }));
  const third = (await imported(alice, second.id, { version: '3' })).data.importAnnotations;
  expect(third).toMatchObject({ fileCount: 4, source: { id: second.id } });
  for (const one of [id, second.id]) expect((await alice.ask('mutation ($id: ID!) { deleteDataset(id: $id) }', { id: one })).errors).toEqual([]);
  await house.services.fileSweeper.sweep();
  const staged = await house.services.files.stage(third.path.split('/')[1], new AbortController().signal);
  expect((await readdir(staged)).toSorted()).toEqual(['a.png', 'annotations.json', 'notes.txt', 'sub']);
  expect((await alice.ask('query ($id: ID!) { dataset(id: $id) { source { id } } }', { id: third.id })).data.dataset.source).toBeNull();
});

test('asked for again with the same token it is the same version, at the same time, too', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const all = await Promise.all(Array.from({ length: 3 }, () => imported(alice, id, { clientToken: 'once' })));
  expect(all.flatMap(({ errors }) => errors)).toEqual([]);
  expect(new Set(all.map(({ data }) => data.importAnnotations.id)).size).toBe(1);
  expect((await imported(alice, id, { clientToken: 'once' })).data.importAnnotations.id).toBe(all[0]!.data.importAnnotations.id);
  expect(await refusal(alice, id, { clientToken: 'once', version: '3' })).toContain('CONFLICT');
  expect(await refusal(alice, id)).toContain('NAME_TAKEN');
  await house.services.fileSweeper.sweep();
  expect((await house.keys()).filter((key) => key.endsWith('/annotations.json')).length).toBeGreaterThan(0);
});

test('a zip with one JSON file in it is taken as label servers pack it', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const zipped = (files: { name: string; data: string }[]): Behaviour => {
    const bytes = zipOf(files);
    return (_, response) => void response.writeHead(200, { 'content-type': 'application/zip' }).end(bytes);
  };
  labels.behave(zipped([{ name: 'images/a.png', data: 'x' }, { name: 'result.json', data: JSON.stringify(COCO) }]));
  const { data } = await imported(alice, id);
  const staged = await house.services.files.stage(data.importAnnotations.path.split('/')[1], new AbortController().signal);
  const { default: written } = await import(path.join(staged, 'annotations.json'), { with: { type: 'json' } });
  expect(written).toEqual(COCO);
  labels.behave(zipped([{ name: 'a.json', data: '{}' }, { name: 'b.json', data: '{}' }]));
  expect(await refusal(alice, id, { version: '3' })).toBe('LABELS_INVALID the labels cannot be imported: the zip: expected one JSON file in it, got 2');
  labels.behave(zipped([{ name: 'a.json', data: ' '.repeat(LIMIT + 1) }]));
  expect(await refusal(alice, id, { version: '3' })).toContain('LABEL_IMPORT_BYTES');
  labels.behave((_, response) => void response.end('PK\x03\x04 and rubbish'));
  expect(await refusal(alice, id, { version: '3' })).toContain('LABELS_INVALID the labels cannot be imported: the zip: ');
});

test('labels that do not fit are refused with the place, and nothing of them is kept', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const said = async (labelled: Behaviour) => {
    labels.behave(labelled);
    return refusal(alice, id);
  };
  expect(await said(answers({ ...COCO, images: [{ id: 1, file_name: 'c.png' }] }))).toBe('LABELS_INVALID the labels cannot be imported: images[0].file_name: the dataset has no file "c.png"');
  expect(await said(answers([]))).toContain('expected an object with images');
  expect(await said((_, response) => void response.end('<html>'))).toContain('they are not JSON');
  expect(await said((_, response) => void response.end(''))).toContain('they are not JSON');
  expect(await said((_, response) => void response.end(Buffer.from('{"images":"\xff"}', 'latin1')))).toContain('they are not UTF-8');
  expect(await said((_, response) => void response.end('['.repeat(LIMIT)))).toContain('LABELS_INVALID');
  expect(await said(answers('x'.repeat(LIMIT)))).toContain(`they have more than ${LIMIT} bytes (LABEL_IMPORT_BYTES)`);
  for (const status of [400, 403, 404]) expect(await said(answers({}, status))).toContain(`LABELS_INVALID the labels cannot be imported: the label server answered ${status} for the project "7"`);
});

test('a label server that fails, breaks off, never ends or leads elsewhere leaves nothing behind', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const said = async (labelled: Behaviour) => {
    labels.behave(labelled);
    return refusal(alice, id);
  };
  expect(await said(answers({}, 503))).toBe('LABEL_SERVER_UNAVAILABLE the label server answered 503 for the labels');
  expect(await said(answers({}, 401))).toContain('it answered 401');
  expect(await said((request) => request.socket.destroy())).toContain('LABEL_SERVER_UNAVAILABLE');
  expect(await said((_, response) => void response.writeHead(200, { 'content-length': '1000' }).write('{', () => response.socket!.destroy()))).toContain('broke off');
  expect(await said(() => undefined)).toContain('did not go on for 1 s');
  expect(await said((_, response) => void response.writeHead(200).write('{'))).toContain('did not go on for 1 s');
  expect(await said(answers(COCO, 200, { 'content-encoding': 'gzip' }))).toContain('"gzip"');
  expect(await said((_, response) => {
    // Two gigabytes, of which nobody reads more than the limit.
    response.writeHead(200, { 'content-length': String(2 ** 31) });
    const pour = () => {
      while (response.writable && response.write('x'.repeat(65_536)));
    };
    response.on('drain', pour);
    pour();
  })).toContain('LABEL_IMPORT_BYTES');
  const secret = await labelServer();
  onTestFinished(() => secret.stop());
  secret.behave(answers(COCO));
  expect(await said((_, response) => void response.writeHead(302, { location: `${secret.url}/base/api` }).end())).toContain('redirects from the labels to elsewhere (302)');
  expect(secret.received).toEqual([]);
  expect(await said((request, response) => void response.writeHead(302, { location: request.url! }).end())).toContain('again and again');
  expect(labels.received.length).toBeLessThan(6);
});

test('a redirect within the label server is followed, with an assertion of its own', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  labels.behave((request, response) => (request.url === '/base/there?x=1' ? answers(COCO)(request, response) : void response.writeHead(301, { location: '/base/there?x=1#y' }).end()));
  expect((await imported(alice, id)).errors).toEqual([]);
  expect(new Set(labels.received.map(({ headers }) => headers.authorization)).size).toBe(2);
});

test('only the owner of a linked dataset imports', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  await alice.ask('mutation ($input: UpdateDatasetInput!) { updateDataset(input: $input) { id } }', { input: { id, isPrivate: false } });
  for (const other of [house.actor(), house.actor({ roles: ['ADMIN'] })]) expect(await refusal(other, id)).toContain('NOT_YOURS');
  await alice.ask(LINK, { input: { datasetId: id, projectId: null } });
  expect(await refusal(alice, id)).toContain('linkLabelingProject');
  expect(await refusal(alice, '999999')).toContain('DATASET_NOT_FOUND');
  expect(labels.received).toEqual([]);
});

test('an import that takes longer than it may, or whose files the store does not copy, leaves nothing', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const held = Promise.withResolvers<void>();
  house.store.before = (step) => (step === 'copy' ? held.promise : undefined);
  onTestFinished(() => {
    house.store.before = () => undefined;
  });
  const late = refusal(alice, id, { waitSeconds: 3 });
  setTimeout(() => held.resolve(), 5_000);
  expect(await late).toBe('TIMEOUT The import did not finish within 3 s');
  house.store.before = (step) => {
    if (step === 'copy') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  };
  expect(await refusal(alice, id)).toContain('STORE_FULL');
});

test('how an import comes along is told as of uploads', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const steps = await house.subgraph.listen('subscription { uploadProgress(token: "mine") { state receivedBytes fileSet { id } } }', { as: alice.as });
  await imported(alice, id, { token: 'mine' });
  const seen: string[] = [];
  for await (const { data } of steps) {
    seen.push(data.uploadProgress.state);
    if (data.uploadProgress.state === 'READY') break;
  }
  expect([seen[0], seen.at(-1)]).toEqual(['RECEIVING', 'READY']);
});

test('an import whose process stops or dies leaves nothing', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const before = await house.keys();
  const incoming = path.join(house.folder, 'ai-arts', 'incoming');
  const asked = Promise.withResolvers<void>();
  labels.behave((_, response) => {
    response.writeHead(200).write('{');
    asked.resolve();
  });
  const second = await filesHouse({ labelServer: readLabelServerSettings({ LABEL_SERVER_URL: labels.url }) }, house);
  const stopped = second.subgraph.ask(IMPORT, { as: alice.as, variables: { input: { datasetId: id, version: '2', waitSeconds: 60 } } });
  await asked.promise;
  expect(await readdir(incoming)).toHaveLength(1);
  await second.close();
  expect((await stopped).data).toBeNull();
  expect([await house.keys(), await readdir(incoming)]).toEqual([before, []]);
  // As a process leaves it that was killed: the row, a part of its files, the labels aside.
  const dead = '33333333-3333-4333-8333-333333333333';
  await sql(house.em(), `insert into ai_arts.file_set (id, owner_id, purpose, is_private, state, prefix, folder, worker, expires_at) values ($1, 'alice', 'DATASET', true, 'RECEIVING', $2, '', $1, now() + interval '1 day')`, [dead, `sets/${dead}/`]);
  await house.store.copy(before.find((key) => key.endsWith('/a.png'))!, `sets/${dead}/a.png`, new AbortController().signal);
  await mkdir(path.join(incoming, dead), { recursive: true });
  await writeFile(path.join(incoming, dead, 'annotations.json'), '{');
  await house.services.fileSweeper.sweep();
  expect([await house.keys(), await readdir(incoming)]).toEqual([before, []]);
});

test('nothing is copied for a version that its owner has no room for', async () => {
  const alice = house.actor();
  labels.behave(answers({ ...COCO, images: [], annotations: [] }));
  const mib = 2 ** 20;
  const small = await filesHouse({ labelServer: readLabelServerSettings({ LABEL_SERVER_URL: labels.url }), quota: { bytes: 5 * mib, sets: 0 } }, house);
  onTestFinished(() => small.close());
  const ask = (document: string, input: Record<string, unknown>) => small.subgraph.ask(document, { as: alice.as, variables: { input } });
  const { data } = await ask(UPLOAD, { name: 'large', version: '1', file: uploadOf('large.bin', Buffer.alloc(3 * mib)), waitSeconds: 60 });
  await ask(LINK, { datasetId: data.uploadDataset.id, projectId: '7' });
  let copies = 0;
  small.store.before = (step) => void (copies += step === 'copy' ? 1 : 0);
  const { errors } = await ask(IMPORT, { datasetId: data.uploadDataset.id, version: '2', waitSeconds: 60 });
  expect([errors[0]?.extensions.code, copies]).toEqual(['FILES_TOO_LARGE', 0]);
});

test('without a label server nothing is linked or imported, and what was linked has no page', async () => {
  const alice = house.actor();
  const { id } = await linked(alice);
  const own = await filesHouse({}, house);
  onTestFinished(() => own.close());
  const ask = (document: string, variables: Record<string, unknown>) => own.subgraph.ask(document, { as: caller({ userId: alice.as.userId }), variables });
  expect((await ask('query ($id: ID!) { dataset(id: $id) { labelingProject labelingUrl } }', { id })).data.dataset).toEqual({ labelingProject: '7', labelingUrl: null });
  expect((await ask(LINK, { input: { datasetId: id, projectId: '8' } })).errors[0]?.extensions.code).toBe('LABEL_SERVER_NOT_CONFIGURED');
  expect((await ask(IMPORT, { input: { datasetId: id, version: '2' } })).errors[0]?.extensions.code).toBe('LABEL_SERVER_NOT_CONFIGURED');
  expect((await ask(LINK, { input: { datasetId: id } })).errors).toEqual([]);
});
