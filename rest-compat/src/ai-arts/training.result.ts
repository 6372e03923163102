import type { z } from 'zod';
import type { trainingAnswer } from './job.answers.js';
import { stateName } from './list.query.js';
import { milliseconds } from './values.js';

/** A training as the graph answers it. */
export interface TrainingData {
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

/** A training as the document tells it. */
export function training({ description, state, stateReason, createdAt, startedAt, endedAt, codePath, outputPath, datasetPath, numPs, numPsWorker, ...same }: TrainingData): z.output<typeof trainingAnswer> {
  return {
    ...same,
    codePath: codePath ?? '',
    outputPath: outputPath ?? '',
    datasetPath: datasetPath ?? '',
    numPs: numPs ?? 0,
    numPsWorker: numPsWorker ?? 0,
    desc: description ?? '',
    status: stateName(state),
    statusReason: stateReason ?? '',
    createTime: milliseconds(createdAt),
    startTime: milliseconds(startedAt),
    endTime: milliseconds(endedAt),
  };
}
