import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { mnistFiles, trainerFiles } from '../demo/mnist.js';
import type { AiArtsClient } from './ai-arts.client.js';
import { filesOfTarGz, tarGzOf } from './archive.js';
import { Librarian } from './library.js';
import { until } from './processes.js';
import { full } from './seed.js';
import { subscribe } from './subscription.js';
import type { Trainer } from './training.js';

/** A full run learns all of MNIST. */
const IMAGES = full ? { train: 60_000, t10k: 10_000 } : { train: 3_000, t10k: 500 };
const PARAMETERS = { epochs: 3, reports: 20 };
const LEAST_ACCURACY = full ? 0.95 : 0.85;
/** Longer than any test. */
const ENDLESS_EPOCHS = 100_000;

/** Settings beside those of an engine: whoever is told to end may take their time, on a busy machine, too. */
export const DIGIT_SETTINGS = { JOB_MEMORY_MIB: '512', JOB_STOP_GRACE_SECONDS: '60' };

/** A model that was learnt, and its network. */
export interface LearntDigits {
  modelId: string;
  onnx: Buffer;
}

/**
 * Through GraphQL: uploads MNIST and a program that learns it; stops a training; follows another one from before it runs to its
 * end; runs it again; makes models of both, and downloads one, which it answers.
 */
export async function learnDigits(trainer: Trainer): Promise<LearntDigits> {
  const { actor } = trainer;
  const librarian = new Librarian(actor);
  const dataset = await librarian.dataset('mnist', 'mnist.tar.gz', await tarGzOf(await mnistFiles(IMAGES)));
  expect(dataset).toMatchObject({ fileCount: 4, isPrivate: true });
  const { data } = await librarian.send('mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }', { purpose: 'CODE' }, 'trainer.tar.gz', await tarGzOf(await trainerFiles()));
  const { engine } = await actor.ask('{ engine { total { cpus } } }');
  // Each takes all processors, so that the second waits for the first.
  const input = { code: null, codePath: data.uploadFiles.path, startupFile: 'train.js', engine: 'node', datasetId: dataset.id, deviceNum: engine.total.cpus };

  const endless = await trainer.running('', { ...input, params: { epochs: ENDLESS_EPOCHS, reports: ENDLESS_EPOCHS } });
  await until('it to learn', async () => (await trainer.log(endless.id)).includes('"loss"'));
  const { id } = await trainer.create('', { ...input, name: 'digits', params: PARAMETERS });
  const told = await subscribe(actor, 'subscription ($id: ID!) { trainingLog(id: $id) { text complete } }', { id });
  expect(await trainer.look(id)).toMatchObject({ state: 'QUEUED' });
  await trainer.stop(endless.id);
  await trainer.until(endless.id, 'KILLED');
  expect(await trainer.log(endless.id)).toContain('what was learnt until then is kept');

  expect(await trainer.until(id, 'FINISHED')).toMatchObject({ exitCode: 0 });
  await until('the end of what is told', () => told.events.at(-1)?.trainingLog.complete === true);
  const text = await trainer.log(id);
  expect(told.events.map(({ trainingLog }) => trainingLog.text).join('')).toBe(text);
  await told.end();
  await expectLearnt(trainer, id);

  const model = await register(trainer, id, 'digits');
  expect(model).toMatchObject({ format: 'onnx', fileCount: 2, training: { id } });
  const download = await fetch(new URL(model.downloadUrl, actor.platform.url));
  const files = await filesOfTarGz(await download.bytes());
  expect(hashOf(files)).toBe(model.sha256);

  const { resubmitTraining: again } = await actor.ask('mutation ($id: ID!) { resubmitTraining(id: $id) { id } }', { id });
  await trainer.until(again.id as string, 'FINISHED');
  expect(await trainer.log(again.id as string)).toBe(text);
  expect((await register(trainer, again.id as string, 'the same digits')).sha256).toBe(model.sha256);
  return { modelId: model.id, onnx: files['digits.onnx']! };
}

/** The same through the routes of AIArts, as far as they go. */
export async function learnDigitsByAiArts(client: AiArtsClient): Promise<void> {
  const path = await client.uploaded('/datasets/upload', await tarGzOf(await mnistFiles(IMAGES)), 'mnist.tar.gz');
  const { id: datasetId } = await client.ask('POST', '/datasets', { name: 'mnist of an old client', description: 'digits', path });
  const { dataset } = await client.ask('GET', `/datasets/${datasetId}`);
  const files = await trainerFiles();
  const start = async (params: Record<string, unknown>): Promise<string> => client.start({ 'train.js': files['train.js']!, ...files }, { engine: 'node', datasetPath: dataset.path, params });
  const statusOf = async (id: string) => (await client.ask('GET', `/trainings/${id}`)).status;

  const endless = await start({ epochs: ENDLESS_EPOCHS, reports: ENDLESS_EPOCHS });
  await until('it to learn', async () => (await client.ask('GET', `/trainings/${endless}/log`)).log?.includes('"loss"') === true);
  expect((await client.call('DELETE', `/datasets/${datasetId}`)).json).toMatchObject({ code: 30010 });
  expect(await client.ask('POST', `/trainings/${endless}/stop`)).toEqual({});
  await until('its end', async () => (await statusOf(endless)) === 'killed');

  const id = await start(PARAMETERS);
  let text = '';
  let cursor = '';
  let isOver = false;
  while (!isOver) {
    // Asked for first: what it writes last must not be missed.
    isOver = ['finished', 'failed', 'error'].includes(await statusOf(id));
    const page = await client.ask('GET', `/trainings/${id}/log?cursor=${encodeURIComponent(cursor)}`);
    text += page.log ?? '';
    cursor = page.cursor ?? cursor;
  }
  expect(await client.ask('GET', `/trainings/${id}`), text).toMatchObject({ status: 'finished', exitCode: 0 });
  expect(text).toMatch(/^\d+ images to learn from[^]*reads \d+\.\d+ % of \d+ images that it has never seen\n$/);

  const { id: modelId } = await client.ask('POST', '/models', { name: 'digits of an old client', jobId: id });
  expect(await client.ask('GET', `/models/${modelId}`)).toMatchObject({ model: { name: 'digits of an old client' }, training: { id } });
  const { model } = await client.actor.ask('query ($id: ID!) { model(id: $id) { sha256 } }', { id: modelId });
  const download = await client.fetch(`/models/${modelId}/download`);
  expect(hashOf(await filesOfTarGz(await download.bytes()))).toBe(model.sha256);
}

async function expectLearnt({ actor }: Trainer, id: string): Promise<void> {
  const seriesOf = async () => (await actor.ask('query ($id: ID!) { training(id: $id) { progress metrics { name points { step value } } } }', { id })).training;
  await until('its metrics', async () => (await seriesOf()).progress === 1);
  const { metrics } = (await seriesOf()) as { metrics: { name: string; points: { step: number; value: number }[] }[] };
  const of = (name: string) => metrics.find((series) => series.name === name)?.points ?? [];
  expect(of('loss').length).toBeGreaterThanOrEqual(PARAMETERS.reports);
  expect(of('loss').at(-1)!.value).toBeLessThan(of('loss')[0]!.value / 2);
  expect(of('accuracy')).toHaveLength(PARAMETERS.epochs);
  expect(of('accuracy').at(-1)!.value).toBeGreaterThan(LEAST_ACCURACY);
}

async function register({ actor }: Trainer, trainingId: string, name: string) {
  const fields = 'id format fileCount sha256 downloadUrl training { id }';
  const { registerModel } = await actor.ask(`mutation ($input: RegisterModelInput!) { registerModel(input: $input) { ${fields} } }`, { input: { name, trainingId, waitSeconds: 60 } });
  return registerModel as { id: string; format: string; fileCount: number; sha256: string; downloadUrl: string; training: { id: string } };
}

/** What the graph calls the SHA-256 of several files. */
function hashOf(files: Readonly<Record<string, Buffer>>): string {
  const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
  return sha256(Object.keys(files).toSorted().map((name) => `${sha256(files[name]!)}  ${name}\n`).join(''));
}
