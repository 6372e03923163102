import { z } from 'zod';
import { LARGEST_INT, converted, positiveDigits, text } from '../engine/value.shapes.js';

/** The most rows of a page. */
const MOST_ROWS = 1_000;
const STANDARD_ROWS = 10;

const oneOf = <Value>(choices: Readonly<Record<string, Value>>): z.ZodType<Value, unknown> =>
  converted<Value>((value) => (typeof value === 'string' && Object.hasOwn(choices, value) ? choices[value] : undefined), () => `one of ${Object.keys(choices).join(', ')}`, { type: 'string', enum: Object.keys(choices) });

/** What lists of jobs may be ordered by: the names that the document's clients use, those of columns included. */
const JOB_ORDERS = { createTime: 'CREATED_AT', created_at: 'CREATED_AT', createdAt: 'CREATED_AT', id: 'CREATED_AT', name: 'NAME', jobName: 'NAME', status: 'STATE' } as const;

/** What lists of datasets and models may be ordered by. */
const FILE_ORDERS = { createdAt: 'CREATED_AT', created_at: 'CREATED_AT', createTime: 'CREATED_AT', id: 'CREATED_AT', updatedAt: 'UPDATED_AT', updated_at: 'UPDATED_AT', name: 'NAME', size: 'SIZE' } as const;

const DIRECTIONS = { asc: 'ASCENDING', desc: 'DESCENDING' } as const;

const ORDER_BY = { en: 'What it is ordered by; by default the newest comes first.', zh: '排序字段，默认最新在前' };

const page = {
  pageNum: positiveDigits(LARGEST_INT).optional().meta({ en: 'Which page, from 1.', zh: '第几页，从 1 开始' }),
  pageSize: positiveDigits(MOST_ROWS).optional().meta({ en: 'How many a page has; 10 when it is left out.', zh: '每页数量，默认 10' }),
  order: oneOf(DIRECTIONS).optional().meta({ en: 'Which way it is ordered.', zh: '排序方向' }),
};

/** The parameters of every list of jobs. */
export const jobListParameters = { ...page, orderBy: oneOf(JOB_ORDERS).optional().meta(ORDER_BY) };

/** The parameters of every list of datasets or models. */
export const fileListParameters = { ...page, orderBy: oneOf(FILE_ORDERS).optional().meta(ORDER_BY) };

export interface ListQuery {
  pageNum?: number | undefined;
  pageSize?: number | undefined;
  orderBy?: string | undefined;
  order?: (typeof DIRECTIONS)[keyof typeof DIRECTIONS] | undefined;
}

/** Page and order as variables of an operation. */
export function listVariables({ pageNum = 1, pageSize = STANDARD_ROWS, orderBy, order }: ListQuery): Record<string, unknown> {
  return { first: pageSize, offset: Math.min((pageNum - 1) * pageSize, LARGEST_INT), orderBy, direction: order };
}

/** Where those variables stand in the query. */
export const listFields = { first: 'pageSize', offset: 'pageNum', direction: 'order' } as const;

/** `total` and `totalPage` of a list. */
export function totals(totalCount: number, { pageSize = STANDARD_ROWS }: ListQuery): { total: number; totalPage: number } {
  return { total: totalCount, totalPage: Math.ceil(totalCount / pageSize) };
}

/** Which page was answered. */
export const pageOf = ({ pageNum = 1, pageSize = STANDARD_ROWS }: ListQuery) => ({ pageNum, pageSize });

/** What the states of jobs are called. */
export const JOB_STATES = ['unapproved', 'queued', 'scheduling', 'running', 'pausing', 'paused', 'killing', 'finished', 'failed', 'error', 'killed'] as const;

/** What the graph's state of a job is called here. */
export const stateName = (state: string) => state.toLowerCase() as (typeof JOB_STATES)[number];

/** The filters of a list of jobs: a state in lower case or `all`, and a text to search for. */
export const jobFilters = {
  status: oneOf(Object.fromEntries(['all', ...JOB_STATES].map((state) => [state, state.toUpperCase()]))).optional().meta({ en: 'Only those in this state.', zh: '按状态筛选，all 为全部' }),
  searchWord: text.optional().meta({ en: 'Only those whose name or description has this text.', zh: '按名称或描述搜索' }),
};

export interface JobQuery extends ListQuery {
  status?: string | undefined;
  searchWord?: string | undefined;
}

/** The variables of a list of jobs. */
export function jobListVariables({ status, searchWord, ...list }: JobQuery): Record<string, unknown> {
  return { ...listVariables(list), filter: { ...(status === undefined || status === 'ALL' ? {} : { states: [status] }), ...(searchWord === undefined ? {} : { search: searchWord }) } };
}

export const jobListFields = { ...listFields, 'filter.search': 'searchWord', 'filter.states': 'status' } as const;
