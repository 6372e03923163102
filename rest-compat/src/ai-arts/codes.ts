import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { storableTextUpTo } from '../engine/value.shapes.js';
import { notebookExample, onePage } from './examples.js';
import { codeEnvAnswer, codeEnvsAnswer, endpointAnswer, jobIdAnswer } from './job.answers.js';
import { jobFilters, jobListFields, jobListParameters, jobListVariables, stateName, totals, type JobQuery } from './list.query.js';
import { uploadRoute } from './uploads.js';
import { found, milliseconds, optionalCount, optionalText } from './values.js';

interface NotebookData {
  id: string;
  name: string;
  engine: string;
  deviceType: string;
  deviceNum: number;
  codePath: string | null;
  description: string | null;
  state: string;
  createdAt: string;
  openUrl: string | null;
}

const newNotebook = z.object({
  name: storableTextUpTo(255).meta({ en: 'The name.', zh: '名称' }),
  engine: storableTextUpTo(255).meta({ en: 'The environment, such as python.', zh: '运行环境，如 python' }),
  codePath: optionalText.meta({ en: 'What an upload of code answered.', zh: '代码路径，由上传代码接口返回' }),
  deviceType: optionalText.meta({ en: 'cpu, which is the default, or the name of a GPU.', zh: '设备类型：cpu（默认）或 GPU 型号' }),
  deviceNum: optionalCount.meta({ en: 'How many devices it needs.', zh: '设备数量' }),
  desc: optionalText.meta({ en: 'What it is for.', zh: '描述' }),
});

const LONGEST_DESCRIPTION = 10_000;

/** The address of a notebook's server: a browser is sent there, a program is told. */
const endpoint = (path: string): Route =>
  route<undefined, { notebook: { id: string; state: string; openUrl: string | null } | null }>({
    method: 'GET',
    path,
    summary: { en: 'Leads to the Jupyter server.', zh: '跳转到该id的jupyter url' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'NotebookEndpoint',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    destination({ notebook }, { html }) {
      const url = notebook?.openUrl;
      return html && url ? { redirect: url } : undefined;
    },
    leadsTo: 'page',
    result({ notebook }, _, { parameters: { id } }) {
      const { state, openUrl } = found(notebook, 'notebook', id!);
      return { name: 'ipython', status: state === 'RUNNING' ? 'running' : 'pending', accessPoint: openUrl ?? '' };
    },
    answers: endpointAnswer,
    example: { answers: { name: 'ipython', status: 'pending', accessPoint: '' } },
  });

/** 代码开发 */
export const codes: readonly Route[] = [
  route<JobQuery, { notebooks: { totalCount: number; nodes: NotebookData[] } }>({
    method: 'GET',
    path: '/codes',
    summary: { en: 'The notebooks of the caller, newest first.', zh: '获取代码开发列表' },
    credential: 'required',
    takes: { from: 'query', shape: z.object({ ...jobListParameters, ...jobFilters }) },
    operation: 'Notebooks',
    variables: jobListVariables,
    result: ({ notebooks: { totalCount, nodes } }, query) => ({ CodeEnvs: nodes.map(codeEnv), ...totals(totalCount, query) }),
    answers: codeEnvsAnswer,
    example: { takes: { pageNum: 1, pageSize: 10, orderBy: 'createTime', order: 'desc', status: 'all' }, answers: { CodeEnvs: [notebookExample], ...onePage } },
    fields: jobListFields,
  }),
  route<z.output<typeof newNotebook>, { createNotebook: { id: string } }>({
    method: 'POST',
    path: '/codes',
    summary: { en: 'Has a notebook run.', zh: '创建新的代码开发' },
    credential: 'required',
    takes: { from: 'body', shape: newNotebook },
    operation: 'CreateNotebook',
    refuses: ['CONFLICT', 'ENGINE_NOT_CONFIGURED', 'ENGINE_REFUSED', 'ENGINE_NOT_ISOLATED', 'ENGINE_UNAVAILABLE', 'NOTEBOOK_UNAVAILABLE', 'PATH_INVALID', 'PATH_MISSING', 'JOB_QUOTA_EXCEEDED'],
    variables: ({ desc, ...input }) => ({ input: { ...input, description: desc } }),
    result: ({ createNotebook: { id } }) => id,
    answers: jobIdAnswer,
    example: { takes: { name: '笔记', engine: 'python', deviceType: 'cpu', deviceNum: 1, desc: '' }, answers: notebookExample.id },
    fields: { 'input.description': 'desc' },
  }),
  route<undefined, { notebook: NotebookData | null }>({
    method: 'GET',
    path: '/codes/:id',
    summary: { en: 'One notebook.', zh: '获取单个代码开发信息' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'Notebook',
    refuses: ['NOT_FOUND', 'NOT_YOURS'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: ({ notebook }, _, { parameters: { id } }) => codeEnv(found(notebook, 'notebook', id!)),
    answers: codeEnvAnswer,
    example: { answers: notebookExample },
  }),
  endpoint('/codes/:id/endpoint'),
  endpoint('/codes/:id/jupyter'),
  route<undefined, unknown>({
    method: 'DELETE',
    path: '/codes/:id',
    summary: { en: 'Deletes a notebook with its files; one that runs is ended first.', zh: '删除单个代码开发' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'DeleteNotebook',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS', 'ENGINE_NOT_CONFIGURED'],
    variables: (_, { parameters: { id } }) => ({ id }),
    result: () => ({}),
    answers: z.object({}),
    example: { answers: {} },
  }),
  route<{ description: string }, unknown>({
    method: 'POST',
    path: '/codes/:id/description',
    summary: { en: 'Says something else of a notebook.', zh: '更新描述信息' },
    credential: 'required',
    takes: { from: 'body', shape: z.object({ description: storableTextUpTo(LONGEST_DESCRIPTION).meta({ en: 'What it is for.', zh: '描述' }) }) },
    operation: 'DescribeNotebook',
    refuses: ['JOB_NOT_FOUND', 'NOT_YOURS'],
    variables: ({ description }, { parameters: { id } }) => ({ id, description }),
    result: () => ({}),
    answers: z.object({}),
    example: { takes: { description: '第一课' }, answers: {} },
  }),
  uploadRoute('/codes/upload', 'CODE', { en: 'Takes in a file, or an archive, which is unpacked, to be used as codePath.', zh: '上传代码' }),
];

function codeEnv({ id, name, state, engine, codePath, openUrl, createdAt, deviceType, deviceNum, description }: NotebookData): z.output<typeof codeEnvAnswer> {
  return { id, name, status: stateName(state), engine, codePath: codePath ?? '', JupyterUrl: openUrl ?? '', createTime: milliseconds(createdAt), deviceType, deviceNum, desc: description ?? '' };
}
