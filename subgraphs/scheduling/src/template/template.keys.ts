import { codes, count, delay, flag, orders, text, type Reader } from './template.readers.js';
import type { Requirements } from './requirements.js';

/** One key of a task template that filters: what it becomes, and how its value is read. */
export interface TemplateKey {
  requirement: keyof Requirements;
  read: Reader<unknown>;
}

/** Every key of a task template that has a meaning (contract: query_computing_resources_by_task_template). */
export const TEMPLATE_KEYS: Readonly<Record<string, TemplateKey>> = {
  resource_type: { requirement: 'resourceType', read: codes },
  service_type: { requirement: 'serviceType', read: codes },
  region: { requirement: 'region', read: codes },
  organization: { requirement: 'organization', read: codes },
  industry: { requirement: 'industry', read: codes },
  availability_zone: { requirement: 'availabilityZone', read: codes },
  gpu_model: { requirement: 'gpuModel', read: text },
  cpu_performance: { requirement: 'minCpuPerformance', read: count },
  cpu_available: { requirement: 'minCpuAvailable', read: count },
  gpu_performance: { requirement: 'minGpuPerformance', read: count },
  gpu_memory: { requirement: 'minGpuMemory', read: count },
  gpu_available: { requirement: 'minGpuAvailable', read: count },
  network_performance: { requirement: 'minNetworkPerformance', read: count },
  price: { requirement: 'maxPrice', read: count },
  network_delay: { requirement: 'maxNetworkDelayMs', read: delay },
  power_consumption: { requirement: 'maxPowerConsumption', read: count },
  network_isixp: { requirement: 'networkIsIxp', read: flag },
  order_by: { requirement: 'orderBy', read: orders },
};
