import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import type { FailureCode, Problem } from '../engine/failure.js';
import { shorten, valueAt } from '../engine/field.name.js';
import { text } from '../engine/value.shapes.js';
import { offeredTaskAnswer, pathAnswer, zonesAnswer } from './answer.shapes.js';
import { IDENTIFIER, offeredTaskExample, reportExample, zonesExample } from './examples.js';
import { reportFieldNames, reportFields } from './report.fields.js';
import { reportShape, type Report } from './report.shape.js';
import { offeredTask, zones, type ChooseTaskPathData, type SubmitTaskData, type ZonesData } from './results.js';
import { pathChoice, taskTemplate, type PathChoice, type TaskTemplate } from './task.shapes.js';
import { offsetOf, zonesQuery, type ZonesQuery } from './zones.shape.js';

const identifier = text.meta({ en: 'A computing identifier: a header of 27 characters, then capacities.', zh: '算力标识：27 个字符的头部，其后为容量' });

/** The 互通 contract: registering, reporting, zones, tasks, paths. */
export const routes: readonly Route[] = [
  route<{ computing_ids: string[] }, unknown>({
    method: 'POST',
    path: '/computing_ids',
    summary: { en: 'Parses, checks and stores computing identifiers; one bad element refuses all.', zh: '注册算力标识' },
    credential: 'required',
    takes: { from: 'batch', list: 'computing_ids', element: identifier, most: 10_000 },
    limit: 'bulk',
    operation: 'RegisterComputingIdentifiers',
    refuses: ['IDENTIFIER_INVALID'],
    variables: ({ computing_ids }) => ({ input: { values: computing_ids } }),
    result: () => ({}),
    answers: z.object({}),
    example: { takes: { computing_ids: [IDENTIFIER] }, answers: {} },
    fields: { 'input.values': 'computing_ids', 'input.values[]': 'computing_ids[]' },
  }),
  route<{ computing_resources: Report[] }, unknown>({
    method: 'POST',
    path: '/computing_resources',
    summary: { en: 'Reports the state of resources, each known by a registered identifier.', zh: '注册算力资源' },
    credential: 'required',
    takes: { from: 'batch', list: 'computing_resources', element: reportShape, most: 10_000 },
    limit: 'bulk',
    operation: 'ReportComputingResources',
    refuses: ['IDENTIFIER_NOT_REGISTERED'],
    variables: ({ computing_resources }) => ({ input: { reports: computing_resources.map(reportInput) } }),
    result: () => ({}),
    answers: z.object({}),
    example: { takes: { computing_resources: [reportExample] }, answers: {} },
    fields: reportFieldNames,
    wording: identifierNotFound,
  }),
  route<ZonesQuery, ZonesData>({
    method: 'GET',
    path: '/computing_resources',
    summary: { en: 'The distinct availability zones of all resources ever reported, by page.', zh: '查询算力资源列表' },
    credential: 'required',
    takes: { from: 'query', shape: zonesQuery },
    operation: 'AvailabilityZones',
    variables: (query) => ({
      filter: {
        ...(query.resource_type === undefined ? {} : { resourceType: query.resource_type }),
        ...(query.region === undefined ? {} : { region: query.region }),
        ...(query.organization === undefined ? {} : { organization: query.organization }),
      },
      first: query.page_size,
      offset: offsetOf(query),
    }),
    result: zones,
    answers: zonesAnswer,
    example: { takes: { page: 1, page_size: 10, resource_type: '超算', region: '北京', organization: '中科曙光' }, answers: zonesExample },
    fields: { 'filter.resourceType': 'resource_type', 'filter.region': 'region', 'filter.organization': 'organization', first: 'page_size', offset: 'page' },
  }),
  route<TaskTemplate, SubmitTaskData>({
    method: 'POST',
    path: '/query_computing_resources_by_task_template',
    summary: { en: 'Records a task template and offers the best matching resources.', zh: '接受用户选择的任务模版返回算力资源' },
    credential: 'required',
    takes: { from: 'body', shape: taskTemplate },
    operation: 'SubmitTask',
    refuses: ['CONFLICT'],
    variables: (task) => ({ input: { ...task } }),
    result: offeredTask,
    answers: offeredTaskAnswer,
    example: { takes: {}, answers: offeredTaskExample },
    fields: { 'input.template': '', 'input.sessionIdentifier': 'session_identifier' },
  }),
  route<PathChoice, ChooseTaskPathData>({
    method: 'POST',
    path: '/task_path',
    summary: { en: 'Takes or refuses an offered resource and answers its address.', zh: '接收用户的路径选择' },
    credential: 'required',
    takes: { from: 'body', shape: pathChoice },
    operation: 'ChooseTaskPath',
    refuses: ['TASK_NOT_FOUND', 'RESOURCE_NOT_FOUND', 'NOT_OFFERED', 'TASK_NOT_OPEN', 'RESOURCE_STALE', 'NO_CAPACITY', 'NO_ADDRESS', 'PROVIDER_REFUSED', 'PROVIDER_UNREACHABLE'],
    variables: ({ task_id, computing_resource_id, result }) => ({
      input: { taskId: String(task_id), computingResourceId: String(computing_resource_id), accept: result },
    }),
    result: ({ chooseTaskPath }, { result }) => ({ computing_resource_url: result ? (chooseTaskPath.resourceUrl ?? '') : '' }),
    answers: pathAnswer,
    example: { takes: { task_id: 1, computing_resource_id: 1, result: true }, answers: { computing_resource_url: 'http://192.168.1.1:80' } },
    fields: { 'input.taskId': 'task_id', 'input.computingResourceId': 'computing_resource_id', 'input.accept': 'result' },
  }),
];

function reportInput(report: Report): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const own in reportFields) {
    const value = report[own as keyof Report];
    if (value !== undefined) input[reportFields[own as keyof Report]] = value;
  }
  return input;
}

/** The contract fixes the text: `computing_id X not found`. */
function identifierNotFound(code: FailureCode, { path }: Problem, body: unknown): string | undefined {
  if (code !== 'IDENTIFIER_NOT_REGISTERED' || !path || path.length < 2) return undefined;
  const identifier = valueAt(body, [...path.slice(0, 2), 'computing_id']);
  return typeof identifier === 'string' ? `computing_id ${shorten(identifier, 100)} not found` : undefined;
}
