import { milliseconds } from './ai-arts.reading.js';

/** A training as the graph tells it. */
export interface TrainingOfGraph {
  id: string;
  name: string;
  engine: string;
  deviceType: string;
  deviceNum: number;
  codePath: string | null;
  startupFile: string;
  outputPath: string | null;
  datasetPath: string | null;
  params: Record<string, unknown>;
  description: string | null;
  state: string;
  stateReason: string | null;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  exitCode: number | null;
  jobTrainingType: string;
  numPs: number | null;
  numPsWorker: number | null;
}

export const TRAINING_FIELDS =
  'id name engine deviceType deviceNum codePath startupFile outputPath datasetPath params description state stateReason createdAt startedAt endedAt exitCode jobTrainingType numPs numPsWorker';

/** The same with the names that the page's table has. */
export const trainingInContractWords = (training: TrainingOfGraph): Record<string, unknown> => ({
  id: training.id,
  name: training.name,
  engine: training.engine,
  deviceType: training.deviceType,
  deviceNum: training.deviceNum,
  codePath: training.codePath ?? '',
  startupFile: training.startupFile,
  outputPath: training.outputPath ?? '',
  datasetPath: training.datasetPath ?? '',
  params: training.params,
  desc: training.description ?? '',
  status: training.state.toLowerCase(),
  statusReason: training.stateReason ?? '',
  createTime: milliseconds(training.createdAt),
  startTime: milliseconds(training.startedAt),
  endTime: milliseconds(training.endedAt),
  exitCode: training.exitCode,
  jobTrainingType: training.jobTrainingType,
  numPs: training.numPs ?? 0,
  numPsWorker: training.numPsWorker ?? 0,
});
