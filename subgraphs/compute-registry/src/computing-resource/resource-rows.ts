import type { Parameters, PreparedReads } from '../database/prepared-reads.js';
import type { ComputingResource } from './computing-resource.entity.js';

/** A resource as a statement reads it; the model's name and the two counts of what is held come beside its own columns. */
export type ResourceRow = Omit<ComputingResource, 'stale' | 'reserved'> & { cpuReserved: number; gpuReserved: number };

/** What every statement that answers resources selects; `r` is the resource, `m` its model. */
export const RESOURCE_COLUMNS = `
  r.id, r.identifier_id as "identifierId", r.power_consumption as "powerConsumption", r.cpu_performance as "cpuPerformance",
  r.cpu_available as "cpuAvailable", m.name as "gpuModel", r.gpu_performance as "gpuPerformance", r.gpu_memory as "gpuMemory",
  r.gpu_available as "gpuAvailable", r.network_delay_ms as "networkDelayMs", r.network_performance as "networkPerformance",
  r.network_is_ixp as "networkIsIxp", r.network_ips as "networkIps", r.network_available as "networkAvailable",
  r.network_ips_available as "networkIpsAvailable", r.network_ports as "networkPorts", r.price,
  r.observed_at as "observedAt", r.reported_at as "reportedAt", r.cpu_reserved as "cpuReserved", r.gpu_reserved as "gpuReserved"`;

/** Reads resources and tells which of them are stale. */
export async function readResources(reads: PreparedReads, text: string, parameters: Parameters, cutoff: Date): Promise<ComputingResource[]> {
  const rows = await reads.rows<ResourceRow>(text, parameters);
  return rows.map((row) => {
    const reportedAt = new Date(row.reportedAt);
    return {
      ...row,
      observedAt: new Date(row.observedAt),
      reportedAt,
      stale: reportedAt.getTime() <= cutoff.getTime(),
      reserved: { cpu: row.cpuReserved, gpu: row.gpuReserved },
    };
  });
}
