import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainingHouse, type TrainingActor, type TrainingHouse } from '../testkit/training.house.js';

const REGISTER = 'mutation ($id: ID!, $name: String!) { registerModel(input: { trainingId: $id, name: $name }) { id name format fileCount sizeBytes training { id dataset { name } } files { nodes { path } } } }';
const DELETE_DATASET = 'mutation ($id: ID!) { deleteDataset(id: $id) }';

let house: TrainingHouse;

beforeAll(async () => {
  house = await trainingHouse();
});

afterAll(() => house?.close());

async function dataset(alice: TrainingActor): Promise<string> {
  const at = await alice.uploaded('DATASET', 'points.csv', '1,2');
  return (await alice.ask('mutation ($path: String!) { registerDataset(input: { name: "points", path: $path }) { id } }', { path: at })).data.registerDataset.id as string;
}

test('a training reads a dataset, which stays until it has ended, and becomes a model that says so', async () => {
  const alice = house.actor();
  const datasetId = await dataset(alice);
  const id = await alice.created({ datasetId });
  await alice.until(id, 'RUNNING');
  expect((await alice.ask(DELETE_DATASET, { id: datasetId })).errors[0]).toMatchObject({ message: `the dataset is in use by training ${id}`, extensions: { code: 'DATASET_IN_USE' } });
  expect((await alice.ask(REGISTER, { id, name: 'early' })).errors[0]?.extensions.code).toBe('JOB_STATE_CONFLICT');
  const output = path.join(house.folder, 'ai-arts/jobs', id, 'output');
  await mkdir(path.join(output, 'logs'));
  await writeFile(path.join(output, 'net.onnx'), 'weights');
  await writeFile(path.join(output, 'logs/loss.txt'), '0.1');
  house.engine.end(id);
  await alice.until(id, 'FINISHED');
  const { data } = await alice.ask(REGISTER, { id, name: 'net' });
  expect(data.registerModel).toMatchObject({ format: 'onnx', fileCount: 2, sizeBytes: 10, training: { id, dataset: { name: 'points' } }, files: { nodes: [{ path: 'logs/loss.txt' }, { path: 'net.onnx' }] } });
  expect(await alice.look(id, 'model { id name } dataset { id }')).toEqual({ model: { id: data.registerModel.id, name: 'net' }, dataset: { id: datasetId } });
  expect((await alice.ask(DELETE_DATASET, { id: datasetId })).data).toEqual({ deleteDataset: true });
  expect(await alice.look(id, 'dataset { id }')).toEqual({ dataset: null });
  const again = await alice.change('resubmit', id);
  expect(again.errors[0]?.extensions.code).toBe('PATH_MISSING');
});

test('what a training has left that leads out of its output becomes no model', async () => {
  const alice = house.actor();
  const id = await alice.created();
  await alice.until(id, 'RUNNING');
  house.engine.end(id);
  await alice.until(id, 'FINISHED');
  const job = path.join(house.folder, 'ai-arts/jobs', id);
  const output = path.join(job, 'output');
  const refusal = async () => (await alice.ask(REGISTER, { id, name: 'bad' })).errors[0]?.extensions.code;
  expect(await refusal()).toBe('PATH_MISSING');
  for (const target of ['/etc/passwd', '../work', 'nowhere']) {
    await symlink(target, path.join(output, 'link'));
    expect(await refusal(), target).toBe('PATH_INVALID');
    await rm(path.join(output, 'link'));
  }
  await rm(output, { recursive: true });
  await symlink('/etc', output);
  expect(await refusal()).toBe('PATH_INVALID');
});
