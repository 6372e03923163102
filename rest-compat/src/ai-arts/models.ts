import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { storableTextUpTo, text } from '../engine/value.shapes.js';
import { firstPage, MODEL_PATH, modelExample, onePage, trainingExample } from './examples.js';
import { fileIdAnswer, modelAnswer, modelsAnswer } from './file.answers.js';
import { fileListParameters, listFields, listVariables, pageOf, totals } from './list.query.js';
import { training, type TrainingData } from './training.result.js';
import { uploadRoute } from './uploads.js';
import { found, keptFiles, KEPT_STATUS, NAMED, optionalText, parameters, type KeptFilesData } from './values.js';

interface ModelData extends KeptFilesData {
  format: string;
  use: string | null;
  engine: string | null;
  precision: string | null;
  params: Record<string, unknown> | null;
  training: { id: string } | null;
}

const newModel = z.object({
  name: storableTextUpTo(255).meta({ en: 'The name.', zh: '名称' }),
  description: optionalText.meta({ en: 'What it is.', zh: '描述' }),
  path: optionalText.meta({ en: 'What an upload answered.', zh: '模型路径，由上传模型接口返回' }),
  codePath: optionalText.meta({ en: 'The same as path, which comes before it.', zh: '同 path，path 优先' }),
  jobId: optionalText.meta({ en: 'The finished training whose output it is made of.', zh: '已完成的训练的 id，由其输出创建模型' }),
  use: optionalText.meta({ en: 'What it is used for.', zh: '用途' }),
  engine: optionalText.meta({ en: 'What it was made with.', zh: '训练引擎' }),
  precision: optionalText.meta({ en: 'Its precision.', zh: '精度' }),
  params: parameters.meta({ en: 'Its parameters.', zh: '参数' }),
});

const query = z.object({ ...fileListParameters, name: NAMED, use: text.optional().meta({ en: 'Only those for this use.', zh: '按用途筛选' }), status: KEPT_STATUS });

/** 模型管理 */
export const models: readonly Route[] = [
  route<z.output<typeof query>, { models: { totalCount: number; nodes: ModelData[] } }>({
    method: 'GET',
    path: '/models',
    summary: { en: 'The models of the caller, and public ones, newest first.', zh: '获取模型列表' },
    credential: 'required',
    takes: { from: 'query', shape: query },
    operation: 'Models',
    variables: ({ name, use, ...list }) => ({ ...listVariables(list), filter: { name, use } }),
    result: ({ models: { totalCount, nodes } }, list) => ({ models: nodes.map(model), ...totals(totalCount, list), ...pageOf(list) }),
    answers: modelsAnswer,
    example: { takes: { pageNum: 1, pageSize: 10, name: 'digits' }, answers: { models: [modelExample], ...onePage, ...firstPage } },
    fields: { ...listFields, 'filter.name': 'name', 'filter.use': 'use' },
  }),
  uploadRoute('/models/upload', 'MODEL', { en: 'Takes in an .onnx file, or an archive, which is unpacked.', zh: '上传模型' }),
  route<z.output<typeof newModel>, { registerModel: { id: string } }>({
    method: 'POST',
    path: '/models',
    summary: { en: 'Makes a model of what was uploaded, or of the output of a finished training.', zh: '创建模型' },
    credential: 'required',
    takes: { from: 'body', shape: newModel },
    operation: 'RegisterModel',
    refuses: ['NAME_TAKEN', 'PATH_INVALID', 'PATH_MISSING', 'NOT_YOURS', 'JOB_NOT_FOUND', 'JOB_STATE_CONFLICT', 'FILES_TOO_LARGE', 'UPLOAD_FAILED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    variables: ({ jobId, path, codePath, ...input }) => ({ input: { ...input, trainingId: jobId, path: path ?? codePath } }),
    result: ({ registerModel: { id } }) => ({ id: Number(id) }),
    answers: fileIdAnswer,
    example: { takes: { name: 'digits', description: '', path: MODEL_PATH, use: '识别', precision: 'fp32', params: { layers: 3 } }, answers: { id: 4 } },
    fields: { 'input.trainingId': 'jobId' },
  }),
  route<undefined, { model: (ModelData & { training: TrainingData | null }) | null }>({
    method: 'GET',
    path: '/models/:id',
    summary: { en: 'One model, and the training that it came from.', zh: '获取模型详情' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'Model',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result(data, _, { parameters: { id } }) {
      const given = found(data.model, 'model', id!);
      return { model: model(given), training: given.training && training(given.training) };
    },
    answers: modelAnswer,
    example: { answers: { model: modelExample, training: trainingExample } },
  }),
  route<undefined, { model: { downloadUrl: string } | null }>({
    method: 'GET',
    path: '/models/:id/download',
    summary: { en: 'The file of a model, or a tar.gz of its files.', zh: '下载模型' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'ModelDownload',
    refuses: ['NOT_FOUND', 'NOT_YOURS', 'STORE_UNAVAILABLE'],
    variables: (_, { parameters: { id } }) => ({ id }),
    destination: ({ model }, { parameters: { id } }) => ({ passOn: found(model, 'model', id!).downloadUrl }),
    leadsTo: 'file',
    result: () => ({}),
    answers: z.object({}),
  }),
  route<undefined, unknown>({
    method: 'DELETE',
    path: '/models/:id',
    summary: { en: 'Deletes a model that nothing uses.', zh: '删除模型' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DeleteModel',
    refuses: ['MODEL_NOT_FOUND', 'MODEL_IN_USE', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
    answers: z.object({}),
    example: { answers: {} },
  }),
];

function model({ format, use, engine, precision, params, training: source, ...kept }: ModelData) {
  return { ...keptFiles(kept), format, use: use ?? '', engine: engine ?? '', precision: precision ?? '', params: params ?? {}, jobId: source?.id ?? '' };
}
