import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import type { Bilingual } from '../engine/language.js';
import { storableTextUpTo, text } from '../engine/value.shapes.js';
import { DATASET_PATH, datasetExample, firstPage, onePage } from './examples.js';
import { datasetAnswer, datasetsAnswer, fileIdAnswer } from './file.answers.js';
import { fileListParameters, listFields, listVariables, pageOf, totals } from './list.query.js';
import { uploadRoute } from './uploads.js';
import { found, keptFiles, KEPT_STATUS, NAMED, type KeptFilesData } from './values.js';

const LONGEST_DESCRIPTION = 10_000;

const newDataset = z.object({
  name: storableTextUpTo(255).meta({ en: 'The name.', zh: '名称' }),
  description: storableTextUpTo(LONGEST_DESCRIPTION).meta({ en: 'What it is.', zh: '描述' }),
  path: text.min(1, { error: 'text' }).meta({ en: 'What an upload answered, or a path on the storage.', zh: '由上传数据集接口返回的路径，或存储上已有文件的路径' }),
  isPrivate: z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], { error: 'true or false' }).nullish().meta({ en: 'Whether only its owner sees it, which is the default.', zh: '是否仅所有者可见，默认为是' }),
});

const flag = z.enum(['true', 'false'], { error: 'true or false' }).transform((value) => value === 'true');

const query = z.object({ ...fileListParameters, name: NAMED, status: KEPT_STATUS, isPrivate: flag.optional().meta({ en: 'Only private ones, or only public ones.', zh: '按是否私有筛选' }) });

const register = (path: string, summary: Bilingual): Route =>
  route<z.output<typeof newDataset>, { registerDataset: { id: string } }>({
    method: 'POST',
    path,
    summary,
    credential: 'required',
    takes: { from: 'body', shape: newDataset },
    operation: 'RegisterDataset',
    refuses: ['NAME_TAKEN', 'PATH_INVALID', 'PATH_MISSING', 'NOT_YOURS', 'FILES_TOO_LARGE', 'UPLOAD_FAILED', 'STORE_UNAVAILABLE'],
    variables: (input) => ({ input }),
    result: ({ registerDataset: { id } }) => ({ id: Number(id) }),
    answers: fileIdAnswer,
    example: { takes: { name: 'mnist', description: '手写数字', path: DATASET_PATH, isPrivate: true }, answers: { id: 3 } },
  });

/** 数据集管理 */
export const datasets: readonly Route[] = [
  route<z.output<typeof query>, { datasets: { totalCount: number; nodes: KeptFilesData[] } }>({
    method: 'GET',
    path: '/datasets',
    summary: { en: 'The datasets of the caller, and public ones, newest first.', zh: '获取数据集列表' },
    credential: 'required',
    takes: { from: 'query', shape: query },
    operation: 'Datasets',
    variables: ({ name, isPrivate, ...list }) => ({ ...listVariables(list), filter: { name, isPrivate } }),
    result: ({ datasets: { totalCount, nodes } }, list) => ({ datasets: nodes.map(keptFiles), ...totals(totalCount, list), ...pageOf(list) }),
    answers: datasetsAnswer,
    example: { takes: { pageNum: 1, pageSize: 10, isPrivate: 'true' }, answers: { datasets: [datasetExample], ...onePage, ...firstPage } },
    fields: { ...listFields, 'filter.name': 'name', 'filter.isPrivate': 'isPrivate' },
  }),
  route<undefined, { dataset: KeptFilesData | null }>({
    method: 'GET',
    path: '/datasets/:id',
    summary: { en: 'One dataset.', zh: '获取数据集详情' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'Dataset',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: ({ dataset }, _, { parameters: { id } }) => ({ dataset: keptFiles(found(dataset, 'dataset', id!)) }),
    answers: datasetAnswer,
    example: { answers: { dataset: datasetExample } },
  }),
  register('/datasets', { en: 'Makes a dataset of what was uploaded.', zh: '创建数据集' }),
  uploadRoute('/datasets/upload', 'DATASET', { en: 'Takes in a file, or an archive, which is unpacked.', zh: '上传数据集' }),
  register('/datasets/register', { en: 'Makes a dataset of files that are on the storage already.', zh: '注册数据集' }),
  route<undefined, { dataset: { downloadUrl: string } | null }>({
    method: 'GET',
    path: '/datasets/:id/download',
    summary: { en: 'The file of a dataset, or a tar.gz of its files.', zh: '下载数据集' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DatasetDownload',
    refuses: ['NOT_FOUND', 'NOT_YOURS', 'STORE_UNAVAILABLE'],
    variables: (_, { parameters: { id } }) => ({ id }),
    destination: ({ dataset }, { parameters: { id } }) => ({ passOn: found(dataset, 'dataset', id!).downloadUrl }),
    leadsTo: 'file',
    result: () => ({}),
    answers: z.object({}),
  }),
  route<undefined, unknown>({
    method: 'DELETE',
    path: '/datasets/:id',
    summary: { en: 'Deletes a dataset that nothing uses.', zh: '删除数据集' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DeleteDataset',
    refuses: ['DATASET_NOT_FOUND', 'DATASET_IN_USE', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
    answers: z.object({}),
    example: { answers: {} },
  }),
];
