import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { LARGEST_INT, positiveDigits, storableTextUpTo, text } from '../engine/value.shapes.js';
import { jobFilters, jobListFields, jobListParameters, jobListVariables, totals, type JobQuery } from './list.query.js';
import { training, type TrainingData } from './training.result.js';
import { found, optionalCount, optionalText, parameters } from './values.js';

interface LogData {
  training: { logPage: { text: string; cursor: string; pageCount: number }; log?: { text: string; cursor: string } } | null;
}

const newTraining = z.object({
  name: storableTextUpTo(255),
  engine: storableTextUpTo(255),
  deviceType: optionalText,
  deviceNum: optionalCount,
  codePath: text.min(1, { error: 'text' }),
  startupFile: text.min(1, { error: 'text' }),
  datasetPath: optionalText,
  outputPath: optionalText,
  params: parameters,
  desc: optionalText,
  jobTrainingType: optionalText,
  numPs: optionalCount,
  numPsWorker: optionalCount,
});

const logQuery = z.object({ pageNum: positiveDigits(LARGEST_INT).optional(), cursor: text.optional() });

/** 模型训练 */
export const trainings: readonly Route[] = [
  route<JobQuery, { trainings: { totalCount: number; nodes: TrainingData[] } }>({
    method: 'GET',
    path: '/trainings',
    summary: { en: 'The trainings of the caller, newest first.', zh: '获取训练列表' },
    credential: 'required',
    takes: { from: 'query', shape: z.object({ ...jobListParameters, ...jobFilters }) },
    operation: 'Trainings',
    variables: jobListVariables,
    result: ({ trainings: { totalCount, nodes } }, query) => ({ Trainings: nodes.map(training), ...totals(totalCount, query) }),
    fields: jobListFields,
  }),
  route<undefined, { training: TrainingData | null }>({
    method: 'GET',
    path: '/trainings/:id',
    summary: { en: 'One training.', zh: '获取训练详情' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'Training',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: ({ training: data }, _, { parameters: { id } }) => training(found(data, 'training', id!)),
  }),
  route<z.output<typeof logQuery>, LogData>({
    method: 'GET',
    path: '/trainings/:id/log',
    summary: { en: 'The log of a training, by pages of 2,000 lines or behind a cursor.', zh: '训练日志获取' },
    credential: 'required',
    takes: { from: 'query', shape: logQuery },
    operation: 'TrainingLog',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: ({ pageNum, cursor }, { parameters: { id } }) => ({ id, pageNum, after: cursor, byCursor: cursor !== undefined }),
    result: ({ training: data }, _, { parameters: { id } }) => logOf(found(data, 'training', id!)),
    fields: { after: 'cursor' },
  }),
  route<z.output<typeof newTraining>, { createTraining: { id: string } }>({
    method: 'POST',
    path: '/trainings',
    summary: { en: 'Has a training run.', zh: '创建训练' },
    credential: 'required',
    takes: { from: 'body', shape: newTraining },
    operation: 'CreateTraining',
    refuses: ['CODE_PATH_INVALID', 'TRAINING_TYPE_INVALID', 'CONFLICT', 'ENGINE_NOT_CONFIGURED', 'ENGINE_REFUSED', 'PATH_INVALID', 'PATH_MISSING', 'DATASET_NOT_FOUND', 'ENGINE_NOT_ISOLATED', 'ENGINE_UNAVAILABLE', 'JOB_QUOTA_EXCEEDED', 'FILES_TOO_LARGE', 'STORE_UNAVAILABLE', 'STORE_FULL'],
    variables: ({ desc, ...input }) => ({ input: { ...input, description: desc } }),
    result: ({ createTraining: { id } }) => id,
    fields: { 'input.description': 'desc' },
  }),
  route<undefined, unknown>({
    method: 'POST',
    path: '/trainings/:id/stop',
    summary: { en: 'Ends a training; nothing happens to one that has ended.', zh: '停止训练' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'StopTraining',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS', 'ENGINE_NOT_CONFIGURED'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
  }),
  route<undefined, unknown>({
    method: 'DELETE',
    path: '/trainings/:id',
    summary: { en: 'Deletes a training, with its output and its log; one that runs is ended first.', zh: '删除训练' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DeleteTraining',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS', 'ENGINE_NOT_CONFIGURED'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
  }),
];

function logOf({ logPage, log }: NonNullable<LogData['training']>) {
  if (logPage.pageCount === 0) return { maxPage: 0 };
  const { text: lines, cursor } = log ?? logPage;
  return { log: lines, cursor, maxPage: logPage.pageCount };
}
