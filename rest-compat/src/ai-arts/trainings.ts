import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { LARGEST_INT, positiveDigits, storableTextUpTo, text } from '../engine/value.shapes.js';
import { CODE_PATH, DATASET_PATH, onePage, trainingExample } from './examples.js';
import { jobIdAnswer, logAnswer, trainingAnswer, trainingsAnswer } from './job.answers.js';
import { jobFilters, jobListFields, jobListParameters, jobListVariables, totals, type JobQuery } from './list.query.js';
import { training, type TrainingData } from './training.result.js';
import { found, optionalCount, optionalText, parameters } from './values.js';

interface LogData {
  training: { logPage: { text: string; cursor: string; pageCount: number }; log?: { text: string; cursor: string } } | null;
}

const newTraining = z.object({
  name: storableTextUpTo(255).meta({ en: 'The name.', zh: '名称' }),
  engine: storableTextUpTo(255).meta({ en: 'The environment: python, bash, node, or one of the site.', zh: '运行环境：python、bash、node 或站点自定义环境' }),
  deviceType: optionalText.meta({ en: 'cpu, which is the default, or the name of a GPU.', zh: '设备类型：cpu（默认）或 GPU 型号' }),
  deviceNum: optionalCount.meta({ en: 'How many devices it needs.', zh: '设备数量' }),
  codePath: text.min(1, { error: 'text' }).meta({ en: 'What an upload of code answered.', zh: '代码路径，由上传代码接口返回' }),
  startupFile: text.min(1, { error: 'text' }).meta({ en: 'The file to be started, in codePath: .py, .sh or .js.', zh: '启动文件（.py、.sh、.js），相对于 codePath' }),
  datasetPath: optionalText.meta({ en: 'The path of a dataset, given to the program as --data_path.', zh: '数据集路径，以 --data_path 传给程序' }),
  outputPath: optionalText.meta({ en: 'Where the output is to be, given to the program as --output_path.', zh: '输出路径，以 --output_path 传给程序' }),
  params: parameters.meta({ en: 'Arguments, given to the program as --name value.', zh: '运行参数，以 --名称 值 传给程序' }),
  desc: optionalText.meta({ en: 'What it is for.', zh: '描述' }),
  jobTrainingType: optionalText.meta({ en: 'RegularJob, which is the default, or PSDistJob for several tasks.', zh: '训练类型：RegularJob（默认）或 PSDistJob' }),
  numPs: optionalCount.meta({ en: 'How many parameter servers a PSDistJob has.', zh: 'PSDistJob 的参数服务器数量' }),
  numPsWorker: optionalCount.meta({ en: 'How many workers a PSDistJob has.', zh: 'PSDistJob 的工作节点数量' }),
});

const logQuery = z.object({
  pageNum: positiveDigits(LARGEST_INT).optional().meta({ en: 'Which page of 2,000 lines, from 1; behind the last one it is the last.', zh: '第几页（每页 2000 行），超出则为最后一页' }),
  cursor: text.optional().meta({ en: 'What an earlier answer had as its cursor: what came since then.', zh: '上次返回的游标，获取其后的日志' }),
});

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
    answers: trainingsAnswer,
    example: { takes: { pageNum: 1, pageSize: 10, status: 'finished' }, answers: { Trainings: [trainingExample], ...onePage } },
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
    answers: trainingAnswer,
    example: { answers: trainingExample },
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
    answers: logAnswer,
    example: { takes: { pageNum: 1 }, answers: { log: 'epoch 1\n', cursor: 'c1', maxPage: 1 } },
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
    answers: jobIdAnswer,
    example: { takes: { name: '手写数字', engine: 'python', deviceType: 'cpu', deviceNum: 2, codePath: CODE_PATH, startupFile: 'train.py', datasetPath: DATASET_PATH, params: { lr: 0.1 } }, answers: trainingExample.id },
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
    answers: z.object({}),
    example: { answers: {} },
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
    answers: z.object({}),
    example: { answers: {} },
  }),
];

function logOf({ logPage, log }: NonNullable<LogData['training']>): z.output<typeof logAnswer> {
  if (logPage.pageCount === 0) return { maxPage: 0 };
  const { text: lines, cursor } = log ?? logPage;
  return { log: lines, cursor, maxPage: logPage.pageCount };
}
