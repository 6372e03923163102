import { z } from 'zod';
import { LARGEST_INT, boolean, integer } from '../engine/value.shapes.js';

export interface TaskTemplate {
  /** The whole body, as it was sent. */
  template: Record<string, unknown>;
  source?: string;
  sessionIdentifier?: string;
}

const wanted = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }], description: { en: 'A code or name, or a list of them, of which one has to fit.', zh: '代码或名称，或其列表（满足其一）' } };
const least = { type: 'integer', minimum: 0, maximum: LARGEST_INT, description: { en: 'At least so much.', zh: '下限' } };
const most = { ...least, description: { en: 'At most so much.', zh: '上限' } };

const order = { type: 'string', enum: ['price', 'free_gpu', 'free_cpu', 'network_delay', 'performance', 'power'] };

/** The keys of a template that mean something; the graph checks them. */
const templateKeys = {
  resource_type: wanted,
  service_type: wanted,
  region: wanted,
  organization: wanted,
  industry: wanted,
  availability_zone: wanted,
  gpu_model: { type: 'string', description: { en: 'A part of the name of the model, in any case.', zh: 'GPU 型号中包含的文字，不区分大小写' } },
  cpu_performance: least,
  cpu_available: least,
  gpu_performance: least,
  gpu_memory: least,
  gpu_available: least,
  network_performance: least,
  price: most,
  network_delay: { anyOf: [{ type: 'string' }, { type: 'number', minimum: 0 }], description: { en: 'At most so much: `5ms`, `0.5ms`, `1s`, or a number of ms.', zh: '上限：`5ms`、`0.5ms`、`1s`，或毫秒数' } },
  power_consumption: most,
  network_isixp: { type: 'boolean', description: { en: 'Whether the network has to be a dedicated one.', zh: '是否为专网' } },
  order_by: { anyOf: [order, { type: 'array', items: order }], description: { en: 'What the resources are ordered by, or a list, the most important first.', zh: '排序依据，或其列表（重要的在前）' } },
};

/**
 * Any JSON object. It is the later form `{source, session_identifier, data}` when `data` is an object and at least one of
 * the other two is there; then those of them that are texts travel beside the template, which is the whole body either
 * way. In every other object the three names mean nothing here.
 */
export const taskTemplate = z.unknown().transform((body): TaskTemplate => {
  const template = body as Record<string, unknown>;
  const { source, session_identifier, data } = template;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return { template };
  return {
    template,
    ...(typeof source === 'string' ? { source } : {}),
    ...(typeof session_identifier === 'string' ? { sessionIdentifier: session_identifier } : {}),
  };
}).meta({
  type: 'object',
  en: 'Any JSON object; it is kept whole. What it asks for stands in it, or below `data`, and every resource that is reported freshly matches `{}`.',
  zh: '任意 JSON 对象，整体保存为操作记录。筛选条件写在其中或写在 `data` 内；`{}` 匹配所有有效资源',
  properties: {
    source: { type: 'string', description: { en: 'Where the task comes from, of the form with data.', zh: '任务来源，与 data 一起使用' } },
    session_identifier: { type: 'string', description: { en: 'The session that it belongs to, of the form with data.', zh: '会话标识，与 data 一起使用' } },
    data: { type: 'object', properties: templateKeys, additionalProperties: {}, description: { en: 'What is asked for.', zh: '任务模版信息' } },
    ...templateKeys,
  },
  additionalProperties: {},
});

/** The user's choice of a resource for a task. */
export const pathChoice = z.object({
  task_id: integer.meta({ en: 'The id of the task.', zh: '任务 id' }),
  computing_resource_id: integer.meta({ en: 'The id of the resource, of those that were offered.', zh: '所选算力资源 id' }),
  result: boolean.meta({ en: 'true takes the resource, false refuses it.', zh: 'true 接受，false 拒绝' }),
});

export type PathChoice = z.output<typeof pathChoice>;
