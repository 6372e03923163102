import { z } from 'zod';
import { reportWords } from './report.words.js';

const count = z.int().min(0);

const zone = {
  organization: z.string().meta({ en: 'The provider.', zh: '服务厂商' }),
  region: z.string().meta({ en: 'The city of the data centre.', zh: '算力城市' }),
  availability_zone: z.string().meta({ en: 'The zone within the region.', zh: '可用区' }),
  industry: z.string().meta({ en: 'The industry.', zh: '行业' }),
};

/** One page of the distinct zones. */
export const zonesAnswer = z.object({
  count: count.meta({ en: 'How many there are on all pages.', zh: '总数量' }),
  results: z.array(z.object(zone).meta({ id: 'AvailabilityZone', en: 'A zone with resources.', zh: '可用区' })).meta({ en: 'Those of the page.', zh: '分页查询到的结果' }),
});

const resource = z
  .object({
    id: count.meta({ en: 'The id of the resource, to be chosen by.', zh: '算力资源 id' }),
    ...zone,
    resource_type: z.string().meta({ en: 'The kind of resource.', zh: '资源类型' }),
    service_type: z.string().meta({ en: 'The kind of service.', zh: '服务类型' }),
    power_consumption: count.meta(reportWords.power_consumption),
    cpu_performance: count.meta(reportWords.cpu_performance),
    cpu_available: count.meta(reportWords.cpu_available),
    gpu_model: z.string().meta(reportWords.gpu_model),
    gpu_performance: count.meta(reportWords.gpu_performance),
    gpu_memory: count.meta(reportWords.gpu_memory),
    gpu_available: count.meta(reportWords.gpu_available),
    network_delay: z.string().regex(/^\d+(\.\d+)?ms$/).meta(reportWords.network_delay),
    network_performance: count.meta(reportWords.network_performance),
    network_isixp: z.boolean().meta(reportWords.network_isixp),
    network_ips: z.string().meta(reportWords.network_ips),
    network_available: z.string().meta(reportWords.network_available),
    network_ips_available: z.string().meta(reportWords.network_ips_available),
    network_ports: z.string().meta(reportWords.network_ports),
    price: count.nullable().meta(reportWords.price),
  })
  .meta({ id: 'ComputingResource', en: 'A resource as it was last reported.', zh: '算力资源实例' });

/** A task with what is offered to it. */
export const offeredTaskAnswer = z.object({
  task_id: count.meta({ en: 'The id of the task.', zh: '任务 id' }),
  count: count.meta({ en: 'How many resources match.', zh: '满足的资源总数' }),
  results: z.array(resource).max(100).meta({ en: 'The best of them, best first, at most 100.', zh: '最匹配的资源，最佳在前，至多 100 个' }),
});

/** Where the chosen resource is. */
export const pathAnswer = z.object({
  computing_resource_url: z.string().meta({ en: 'The address that the provider gives; empty when the resource was refused.', zh: '厂商的计算资源地址；未接受时为空' }),
});
