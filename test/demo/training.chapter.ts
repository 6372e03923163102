import { setTimeout as delay } from 'node:timers/promises';
import { graphql } from '@hutong/client';
import { tarGzOf } from '../testkit/archive.js';
import { DemoFailure } from './demo.failure.js';
import type { DemoRun } from './demo.run.js';
import { mnistFiles, trainerFiles } from './mnist.js';
import type { Step } from './terminal.js';

const EPOCHS = 3;
const REPORTS = 40;
const MEMORY_BYTES = 512 * 1_024 * 1_024;
const TIME_LIMIT_SECONDS = 600;
const WAIT_SECONDS = 120;
const POLL_MS = 250;
/** Lines of the log that are told when a training fails. */
const LAST_LINES = 5;

/** A network that has learnt, and how. */
export interface LearntModel {
  id: string;
  name: string;
  loss: MetricPoint[];
  /** On images that it has never seen, after each time that it has seen all others; from 0 to 1. */
  accuracy: MetricPoint[];
}

export interface MetricPoint {
  step: number;
  value: number;
}

const askEngine = graphql('query Engine { engine { driver ready message } }');
const uploadDatasetFile = graphql('mutation UploadDataset($input: UploadDatasetInput!) { uploadDataset(input: $input) { id fileCount sizeBytes } }');
const followUpload = graphql('subscription Upload($token: String) { uploadProgress(token: $token) { state receivedBytes } }');
const uploadCode = graphql('mutation UploadCode($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }');
const startTraining = graphql('mutation StartTraining($input: CreateTrainingInput!) { createTraining(input: $input) { id log(first: 0) { cursor } } }');
const followLog = graphql('subscription Log($id: ID!, $after: String) { trainingLog(id: $id, after: $after) { text cursor complete } }');
const askTraining = graphql('query Training($id: ID!) { training(id: $id) { state stateReason } }');
const askMetrics = graphql('query Metrics($id: ID!) { training(id: $id) { progress metrics { name points { step value } } } }');
const registerModelOf = graphql('mutation RegisterModel($input: RegisterModelInput!) { registerModel(input: $input) { id sha256 sizeBytes } }');

/** MNIST is uploaded, a network learns it on the engine, and becomes a model. */
export async function trainDigits(run: DemoRun): Promise<LearntModel> {
  await requireEngine(run);
  const { terminal, name } = run;
  const datasetId = await terminal.step('MNIST is uploaded: 70,000 handwritten digits', (step) => uploadMnist(run, step));
  const codePath = await terminal.step('The program that learns it is uploaded', (step) => uploadTrainer(run, step));
  const trainingId = await terminal.step('A network learns on the engine; its log, live:', (step) => train(run, step, { codePath, datasetId }));
  return terminal.step('What it has learnt is registered as a model', async (step) => {
    const series = await seriesOf(run, trainingId);
    const { registerModel: model } = await run.admin.mutate(registerModelOf, {
      input: { name: `demo-digits-${name}`, trainingId, use: 'reads handwritten digits', waitSeconds: WAIT_SECONDS },
    });
    run.made('deleteModel', model.id);
    step.result(`model ${model.id}, ${Math.round(model.sizeBytes / 1_024)} KiB, SHA-256 ${model.sha256.slice(0, 12)}…`);
    return { id: model.id, name: `demo-digits-${name}`, ...series };
  });
}

async function requireEngine({ admin }: DemoRun): Promise<void> {
  const { engine } = await admin.query(askEngine);
  if (!engine?.ready) throw new DemoFailure(`The engine (${engine?.driver}) runs no trainings: ${engine?.message ?? 'set ENGINE_DRIVER'}`);
}

async function uploadMnist(run: DemoRun, step: Step): Promise<string> {
  const { admin, name } = run;
  const archive = await tarGzOf(await mnistFiles());
  const token = `demo-${name}`;
  const over = new AbortController();
  const watching = watchUpload();
  try {
    const { uploadDataset } = await admin.mutate(uploadDatasetFile, {
      input: { name: `demo-mnist-${name}`, description: 'Handwritten digits (LeCun, Cortes, Burges)', token, waitSeconds: WAIT_SECONDS, file: new File([archive], 'mnist.tar.gz') },
    });
    run.made('deleteDataset', uploadDataset.id);
    step.result(`dataset ${uploadDataset.id}, ${mib(uploadDataset.sizeBytes)} in ${uploadDataset.fileCount} files`);
    return uploadDataset.id;
  } finally {
    over.abort();
    await watching;
  }

  async function watchUpload(): Promise<void> {
    const events = admin.subscribe(followUpload, { token }, { signal: over.signal });
    try {
      for await (const { uploadProgress: seen } of events) step.progress(seen.receivedBytes / archive.length, seen.state === 'UNPACKING' ? 'is unpacked' : mib(seen.receivedBytes));
    } catch {
      // Nothing hangs on it; what is wrong, the upload itself tells.
    }
  }
}

async function uploadTrainer({ admin }: DemoRun, step: Step): Promise<string> {
  const files = await trainerFiles();
  const { uploadFiles } = await admin.mutate(uploadCode, {
    input: { purpose: 'CODE', waitSeconds: WAIT_SECONDS, file: new File([await tarGzOf(files)], 'trainer.tar.gz') },
  });
  step.result(`${Object.keys(files).length} files of plain JavaScript`);
  return uploadFiles.path;
}

async function train(run: DemoRun, step: Step, { codePath, datasetId }: { codePath: string; datasetId: string }): Promise<string> {
  const { admin, name } = run;
  const { createTraining } = await admin.mutate(startTraining, {
    input: { name: `demo-digits-${name}`, engine: 'node', codePath, startupFile: 'train.js', datasetId, params: { epochs: EPOCHS, reports: REPORTS }, memoryBytes: MEMORY_BYTES, timeLimitSeconds: TIME_LIMIT_SECONDS },
  });
  const { id, log } = createTraining;
  run.made('deleteTraining', id);
  let rest = '';
  const last: string[] = [];
  for await (const { trainingLog } of admin.subscribe(followLog, { id, after: log.cursor })) {
    const lines = (rest + trainingLog.text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      step.say(line);
      last.push(line);
      const seen = metricOf(line);
      if (seen) step.progress(seen.step / seen.total, `loss ${seen.loss}`);
    }
  }
  const { training } = await admin.query(askTraining, { id });
  if (training?.state !== 'FINISHED') throw new DemoFailure(`The training is ${training?.state ?? 'gone'}: ${[training?.stateReason, ...last.slice(-LAST_LINES)].filter(Boolean).join('; ')}`);
  step.result(last.at(-1) ?? '');
  return id;
}

/** A line that tells a metric; undefined for any other. */
function metricOf(line: string): { step: number; total: number; loss: number } | undefined {
  return line.startsWith('{') ? (JSON.parse(line) as { step: number; total: number; loss: number }) : undefined;
}

/** What the training has told of itself, when all of it was read. */
async function seriesOf({ admin, signal }: DemoRun, id: string): Promise<Pick<LearntModel, 'loss' | 'accuracy'>> {
  for (;;) {
    const { training } = await admin.query(askMetrics, { id });
    const of = (name: string) => training?.metrics.find((series) => series.name === name)?.points ?? [];
    if (training?.progress === 1) return { loss: of('loss'), accuracy: of('accuracy') };
    await delay(POLL_MS, undefined, { signal });
  }
}

const mib = (bytes: number): string => `${(bytes / 1_024 / 1_024).toFixed(1)} MiB`;
