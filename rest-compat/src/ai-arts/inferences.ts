import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { integerOrDigits, storableTextUpTo, text } from '../engine/value.shapes.js';
import { IMAGE, inferenceExample, MODEL_PATH, onePage } from './examples.js';
import { imageIdAnswer, inferenceAnswer, inferenceIdAnswer, inferencesAnswer, recognitionAnswer } from './job.answers.js';
import { jobFilters, jobListFields, jobListParameters, jobListVariables, stateName, totals, type JobQuery } from './list.query.js';
import { found, milliseconds, optionalText } from './values.js';

interface InferenceData {
  id: string;
  name: string;
  state: string;
  stateReason: string | null;
  createdAt: string;
  description: string | null;
  engine: string;
  deviceType: string;
  deviceNum: number;
  requests: number;
  failed: number;
  latencyMs: number | null;
  model: { id: string; name: string; version: string; path: string } | null;
}

interface RecognitionData {
  recognizeImage: {
    task: string;
    labels: { label: string; score: number }[];
    boxes: { label: string; score: number; x: number; y: number; width: number; height: number }[];
  };
}

/** The id of a model, or the path of one, in which the id may stand last. */
const modelId = z.union([integerOrDigits.transform(String), text], { error: 'the id of a model' });

const newInference = z
  .object({
    jobName: storableTextUpTo(255).meta({ en: 'The name.', zh: '名称' }),
    modelId: modelId.nullish().meta({ en: 'The id of the model, or its path; one of this and model_base_path has to be there.', zh: '模型 id 或路径，与 model_base_path 二选一' }),
    model_base_path: optionalText.meta({ en: 'The path of the model.', zh: '模型路径' }),
    framework: z.enum(['onnx', ''], { error: 'onnx, which is what models are served as' }).nullish().meta({ en: 'What serves it.', zh: '推理框架' }),
    device: optionalText.meta({ en: 'cpu, which is the default, or the name of a GPU.', zh: '设备类型：cpu（默认）或 GPU 型号' }),
    desc: optionalText.meta({ en: 'What it is for.', zh: '描述' }),
  })
  .check(({ value, issues }) => {
    if (value.modelId == null && value.model_base_path == null) issues.push({ code: 'custom', path: ['modelId'], input: value.modelId, message: 'the id of a model, or its path in model_base_path' });
  });

/** How many labels a client is told that cannot say how many it wants. */
const USUAL_LABELS = 10;

const list = (path: string): Route =>
  route<JobQuery & { name?: string | undefined }, { inferenceServices: { totalCount: number; nodes: InferenceData[] } }>({
    method: 'GET',
    path,
    summary: { en: 'The inference services of the caller, newest first.', zh: '获取推理任务列表' },
    credential: 'required',
    takes: { from: 'query', shape: z.object({ ...jobListParameters, ...jobFilters, name: text.optional().meta({ en: 'Only those whose name has this text.', zh: '按名称搜索' }) }) },
    operation: 'InferenceServices',
    variables: ({ name, searchWord, ...query }) => jobListVariables({ ...query, searchWord: name ?? searchWord }),
    result: ({ inferenceServices: { totalCount, nodes } }, query) => ({ inferences: nodes.map(inference), ...totals(totalCount, query) }),
    answers: inferencesAnswer,
    example: { takes: { pageNum: 1, pageSize: 10, status: 'running' }, answers: { inferences: [inferenceExample], ...onePage } },
    fields: { ...jobListFields, 'filter.search': 'name' },
  });

/** 推理服务 */
export const inferences: readonly Route[] = [
  list('/inferences'),
  list('/ListInferenceJob'),
  list('/inferences/ListInferenceJob'),
  route<z.output<typeof newInference>, { createInferenceService: { id: string } }>({
    method: 'POST',
    path: '/inferences',
    summary: { en: 'Has a model served.', zh: '提交推理任务' },
    credential: 'required',
    takes: { from: 'body', shape: newInference },
    operation: 'CreateInferenceService',
    refuses: ['CONFLICT', 'ENGINE_NOT_CONFIGURED', 'MODEL_NOT_FOUND', 'NOT_YOURS', 'MODEL_NOT_SERVABLE', 'ENGINE_REFUSED', 'ENGINE_NOT_ISOLATED', 'ENGINE_UNAVAILABLE', 'JOB_QUOTA_EXCEEDED', 'PATH_MISSING'],
    variables: ({ jobName, modelId: id, model_base_path: path, device, desc }) => ({ input: { name: jobName, deviceType: device, description: desc, ...(id == null ? { modelPath: path } : { modelId: id }) } }),
    result: ({ createInferenceService: { id } }) => ({ jobId: id }),
    answers: inferenceIdAnswer,
    example: { takes: { jobName: '识别', model_base_path: MODEL_PATH, framework: 'onnx', device: 'cpu' }, answers: { jobId: inferenceExample.jobId } },
    fields: { 'input.name': 'jobName', 'input.modelPath': 'model_base_path', 'input.deviceType': 'device', 'input.description': 'desc' },
  }),
  route<undefined, { inferenceService: InferenceData | null }>({
    method: 'GET',
    path: '/inferences/:id',
    summary: { en: 'One inference service.', zh: '获取推理任务详情' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'InferenceService',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: ({ inferenceService }, _, { parameters: { id } }) => inference(found(inferenceService, 'inference service', id!)),
    answers: inferenceAnswer,
    example: { answers: inferenceExample },
  }),
  route<undefined, unknown>({
    method: 'DELETE',
    path: '/inferences/:id',
    summary: { en: 'Deletes an inference service; one that runs is ended first.', zh: '删除推理任务' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DeleteInferenceService',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS', 'ENGINE_NOT_CONFIGURED'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
    answers: z.object({}),
    example: { answers: {} },
  }),
  route<Record<string, never>, { uploadImage: { id: string } }>({
    method: 'POST',
    path: '/inferences/:id/upload_image',
    summary: { en: 'Keeps a picture for an inference service for a while.', zh: '上传图片' },
    credential: 'required',
    takes: { from: 'upload', file: 'image', shape: z.object({}) },
    operation: 'UploadImage',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS', 'FILES_TOO_LARGE', 'FILE_TYPE_REFUSED', 'STORE_FULL', 'STORE_UNAVAILABLE'],
    variables: (_, { parameters: { id }, file }) => ({ input: { serviceId: id, image: file } }),
    result: ({ uploadImage: { id } }) => ({ imageId: id }),
    answers: imageIdAnswer,
    example: { answers: { imageId: IMAGE } },
    fields: { 'input.image': 'image', 'input.serviceId': 'id' },
  }),
  route<{ imageId?: string | null | undefined }, RecognitionData>({
    method: 'POST',
    path: '/inferences/:id/recognition',
    summary: { en: 'Says what a picture shows: one that comes in a form, one that was uploaded, or the last one that was.', zh: '图片识别' },
    credential: 'required',
    takes: { from: 'upload', file: 'image', isOptional: true, shape: z.object({ imageId: optionalText.meta({ en: 'A picture that was uploaded; without one, and without a file, the last that was.', zh: '已上传图片的 id，省略且无文件时为最近上传的图片' }) }) },
    operation: 'RecognizeImage',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS', 'SERVICE_NOT_RUNNING', 'SERVICE_BUSY', 'IMAGE_NOT_FOUND', 'FILES_TOO_LARGE', 'FILE_TYPE_REFUSED', 'INFERENCE_FAILED', 'STORE_UNAVAILABLE', 'STORE_FULL'],
    variables: ({ imageId }, { parameters: { id }, file }) => ({ input: { serviceId: id, imageId, image: file, top: USUAL_LABELS } }),
    result: ({ recognizeImage }) => recognition(recognizeImage),
    answers: recognitionAnswer,
    example: { takes: { imageId: IMAGE }, answers: { type: 'classify', data: [['7', 0.98], ['1', 0.01]] } },
    fields: { 'input.image': 'image', 'input.imageId': 'imageId', 'input.serviceId': 'id' },
    wording: (code) => (code === 'SERVICE_NOT_RUNNING' ? 'job not running' : undefined),
  }),
];

function inference({ id, name, state, stateReason, createdAt, description, engine, deviceType, deviceNum, requests, failed, latencyMs, model }: InferenceData): z.output<typeof inferenceAnswer> {
  return {
    jobId: id,
    jobName: name,
    jobStatus: stateName(state),
    jobTime: milliseconds(createdAt),
    jobParams: {
      modelId: model === null ? 0 : Number(model.id),
      modelName: model?.name ?? '',
      version: model?.version ?? '',
      model_base_path: model?.path ?? '',
      framework: engine,
      device: deviceType,
      deviceNum,
      desc: description ?? '',
      statusReason: stateReason ?? '',
      requests,
      failed,
      latencyMs: latencyMs ?? 0,
    },
  };
}

function recognition({ task, labels, boxes }: RecognitionData['recognizeImage']): z.output<typeof recognitionAnswer> {
  if (task === 'classify') return { type: 'classify', data: labels.map(({ label, score }) => [label, score]) };
  return { type: 'detection', data: boxes.map(({ label, score, x, y, width, height }) => [label, score, [x, y, width, height]]) };
}
