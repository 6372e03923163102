import { badInput, HutongError, requestHash } from '@hutong/common';
import type { AiArtsSettings } from '../environment.js';
import { codePathInvalid, trainingTypeInvalid } from '../errors.js';
import { checkedPath } from '../files/relative-path.js';
import type { JobEnvironments } from '../job/job.environments.js';
import { LARGEST_MEMORY, LONGEST_DESCRIPTION, LONGEST_NAME, MOST_DEVICES, readDevice, readInteger, requireText } from '../job/job.request.js';
import { readParameters } from './training.parameters.js';
import { TRAINING_TYPES, type TrainingParameter, type TrainingType } from './training.entity.js';
import type { CreateTrainingInput, InlineCode } from './training.types.js';

/** A training as it was asked for, checked as far as that goes without its files and the engine. */
export interface TrainingRequest {
  name: string;
  engine: string;
  codePath: string | null;
  code: InlineCode | null;
  startupFile: string;
  datasetPath: string | null;
  datasetId: number | null;
  outputPath: string | null;
  params: Record<string, TrainingParameter>;
  description: string | null;
  deviceType: string;
  deviceNum: number;
  jobTrainingType: TrainingType;
  numPs: number | null;
  numPsWorker: number | null;
  memoryBytes: number;
  timeLimitSeconds: number;
  clientToken: string | null;
  /** What tells it from another training under the same client token. */
  hash: string;
}

type Limits = Pick<AiArtsSettings, 'jobMemoryBytes' | 'jobTimeLimitSeconds'>;

const LONGEST_CODE_BYTES = 2 ** 20;
const MOST_TASKS = 1_000;
const SMALLEST_MEMORY = 16 * 2 ** 20;
const LARGEST_ID = 2_147_483_647;
const ENDINGS = ['.py', '.sh', '.js'];

/** @throws BAD_INPUT, CODE_PATH_INVALID, PATH_INVALID, TRAINING_TYPE_INVALID with the field */
export function readTraining(input: CreateTrainingInput, environments: JobEnvironments, limits: Limits): TrainingRequest {
  requireText('input.name', input.name, LONGEST_NAME);
  environments.require(input.engine, 'input.engine');
  if (input.clientToken != null) requireText('input.clientToken', input.clientToken, LONGEST_NAME);
  if (input.description != null) requireText('input.description', input.description, LONGEST_DESCRIPTION, true);
  const { clientToken: _, ...asked } = input;
  return {
    name: input.name,
    engine: input.engine,
    ...readCode(input),
    ...readData(input),
    outputPath: readOutput(input.outputPath),
    params: readParameters(input.params, 'input.params'),
    description: input.description || null,
    deviceType: readDevice(input.deviceType),
    deviceNum: readInteger('input.deviceNum', input.deviceNum, 1, MOST_DEVICES, 1),
    ...readType(input),
    memoryBytes: readInteger('input.memoryBytes', input.memoryBytes, SMALLEST_MEMORY, LARGEST_MEMORY, limits.jobMemoryBytes),
    timeLimitSeconds: readInteger('input.timeLimitSeconds', input.timeLimitSeconds, 1, limits.jobTimeLimitSeconds, limits.jobTimeLimitSeconds),
    clientToken: input.clientToken ?? null,
    hash: requestHash(asked),
  };
}

function readCode({ codePath, code, startupFile }: CreateTrainingInput): Pick<TrainingRequest, 'codePath' | 'code' | 'startupFile'> {
  if ((codePath == null || codePath === '') === (code == null)) throw codePathInvalid({ field: 'input.codePath', problem: 'input.codePath: give either the path of uploaded code or the code itself' });
  if (code && Buffer.byteLength(code.text) > LONGEST_CODE_BYTES) throw badInput({ field: 'input.code.text', problem: `expected at most ${LONGEST_CODE_BYTES} bytes; upload it instead` });
  const start = startupFile ?? code?.name ?? '';
  const field = startupFile == null && code ? 'input.code.name' : 'input.startupFile';
  if (start === '') throw codePathInvalid({ field, problem: `${field}: which file of the code is to be started?` });
  requireStartFile(start, field);
  if (code && code.name !== start) throw codePathInvalid({ field, problem: `${field}: the code has one file of another name` });
  return { codePath: codePath || null, code: code ?? null, startupFile: start };
}

/** @throws CODE_PATH_INVALID */
function requireStartFile(file: string, field: string): void {
  const problem = startFileProblem(file);
  if (problem !== undefined) throw codePathInvalid({ field, problem: `${field}: ${problem}` });
}

function startFileProblem(file: string): string | undefined {
  // What begins so would be an option for what it is started with.
  if (file.startsWith('-')) return 'the path begins with a hyphen';
  if (!ENDINGS.some((ending) => file.endsWith(ending))) return 'expected a file that ends in .py, .sh or .js';
  try {
    return checkedPath(file) === file ? undefined : 'expected the path without ./ before it';
  } catch (error) {
    if (error instanceof HutongError) return error.message;
    throw error;
  }
}

function readData({ datasetPath, datasetId }: CreateTrainingInput): Pick<TrainingRequest, 'datasetPath' | 'datasetId'> {
  if (datasetId == null || datasetId === '') return { datasetPath: datasetPath || null, datasetId: null };
  if (datasetPath) throw badInput({ field: 'input.datasetId', problem: 'give either a dataset or the path of data' });
  const id = /^\d{1,10}$/.test(datasetId) ? Number(datasetId) : NaN;
  if (!(id <= LARGEST_ID)) throw badInput({ field: 'input.datasetId', problem: `expected the id of a dataset, got ${JSON.stringify(datasetId.slice(0, 100))}` });
  return { datasetPath: null, datasetId: id };
}

function readOutput(outputPath: string | null | undefined): string | null {
  return outputPath == null || outputPath === '' ? null : checkedPath(outputPath, 'input.outputPath');
}

function readType({ jobTrainingType, numPs, numPsWorker }: CreateTrainingInput): Pick<TrainingRequest, 'jobTrainingType' | 'numPs' | 'numPsWorker'> {
  const type = TRAINING_TYPES.find((known) => known === (jobTrainingType || 'RegularJob'));
  if (!type) throw trainingTypeInvalid({ field: 'input.jobTrainingType', problem: `input.jobTrainingType: expected ${TRAINING_TYPES.join(' or ')}` });
  if (type === 'RegularJob') return { jobTrainingType: type, numPs: null, numPsWorker: null };
  for (const [field, count] of [['numPs', numPs], ['numPsWorker', numPsWorker]] as const) {
    if (!(count != null && count >= 1)) throw trainingTypeInvalid({ field: `input.${field}`, problem: `input.${field}: a PSDistJob has 1 or more` });
  }
  if (numPs! + numPsWorker! > MOST_TASKS) throw trainingTypeInvalid({ field: 'input.numPsWorker', problem: `input.numPsWorker: at most ${MOST_TASKS} tasks, got ${numPs! + numPsWorker!}` });
  return { jobTrainingType: type, numPs: numPs!, numPsWorker: numPsWorker! };
}
