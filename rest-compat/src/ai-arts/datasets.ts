import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { storableTextUpTo, text } from '../engine/value.shapes.js';
import { fileListParameters, listFields, listVariables, pageOf, totals } from './list.query.js';
import { uploadRoute } from './uploads.js';
import { found, keptFiles, KEPT, type KeptFilesData } from './values.js';

const LONGEST_DESCRIPTION = 10_000;

const newDataset = z.object({
  name: storableTextUpTo(255),
  description: storableTextUpTo(LONGEST_DESCRIPTION),
  path: text.min(1, { error: 'text' }),
  isPrivate: z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')], { error: 'true or false' }).nullish(),
});

const flag = z.enum(['true', 'false'], { error: 'true or false' }).transform((value) => value === 'true');

const query = z.object({ ...fileListParameters, name: text.optional(), status: KEPT.optional(), isPrivate: flag.optional() });

const register = (path: string, summary: string): Route =>
  route<z.output<typeof newDataset>, { registerDataset: { id: string } }>({
    method: 'POST',
    path,
    summary,
    credential: 'required',
    takes: { from: 'body', shape: newDataset },
    operation: 'RegisterDataset',
    variables: (input) => ({ input }),
    result: ({ registerDataset: { id } }) => ({ id: Number(id) }),
  });

/** 数据集管理 */
export const datasets: readonly Route[] = [
  route<z.output<typeof query>, { datasets: { totalCount: number; nodes: KeptFilesData[] } }>({
    method: 'GET',
    path: '/datasets',
    summary: 'The datasets of the caller, and public ones, newest first. 获取数据集列表',
    credential: 'required',
    takes: { from: 'query', shape: query },
    operation: 'Datasets',
    variables: ({ name, isPrivate, ...list }) => ({ ...listVariables(list), filter: { name, isPrivate } }),
    result: ({ datasets: { totalCount, nodes } }, list) => ({ datasets: nodes.map(keptFiles), ...totals(totalCount, list), ...pageOf(list) }),
    fields: { ...listFields, 'filter.name': 'name', 'filter.isPrivate': 'isPrivate' },
  }),
  route<undefined, { dataset: KeptFilesData | null }>({
    method: 'GET',
    path: '/datasets/:id',
    summary: 'One dataset. 获取数据集详情',
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'Dataset',
    variables: (_, { parameters: { id } }) => ({ id }),
    result: ({ dataset }, _, { parameters: { id } }) => ({ dataset: keptFiles(found(dataset, 'dataset', id!)) }),
  }),
  register('/datasets', 'Makes a dataset of what was uploaded. 创建数据集'),
  uploadRoute('/datasets/upload', 'DATASET', 'Takes in a file, or an archive, which is unpacked. 上传数据集'),
  register('/datasets/register', 'Makes a dataset of files that are on the storage already. 注册数据集'),
  route<undefined, { dataset: { downloadUrl: string } | null }>({
    method: 'GET',
    path: '/datasets/:id/download',
    summary: 'The file of a dataset, or a tar.gz of its files. 下载数据集',
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DatasetDownload',
    variables: (_, { parameters: { id } }) => ({ id }),
    destination: ({ dataset }, { parameters: { id } }) => ({ passOn: found(dataset, 'dataset', id!).downloadUrl }),
    result: () => ({}),
  }),
  route<undefined, unknown>({
    method: 'DELETE',
    path: '/datasets/:id',
    summary: 'Deletes a dataset that nothing uses. 删除数据集',
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DeleteDataset',
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
  }),
];
