import type { z } from 'zod';
import type { offeredTaskAnswer, zonesAnswer } from './answer.shapes.js';
import { formatNetworkDelay } from './network-delay.js';

interface Named {
  name: string;
}

interface Zone {
  organization: Named;
  region: Named;
  availabilityZone: Named;
  industry: Named;
}

interface Resource {
  id: string;
  identifier: Zone & { resourceType: Named; serviceType: Named };
  powerConsumption: number;
  cpuPerformance: number;
  cpuAvailable: number;
  gpuModel: string;
  gpuPerformance: number;
  gpuMemory: number;
  gpuAvailable: number;
  networkDelayMs: number;
  networkPerformance: number;
  networkIsIxp: boolean;
  networkIps: string;
  networkAvailable: string;
  networkIpsAvailable: string;
  networkPorts: string;
  price: number | null;
}

export interface ZonesData {
  availabilityZones: { totalCount: number; nodes: Zone[] };
}

export interface SubmitTaskData {
  submitTask: { id: string; offers: { totalCount: number; nodes: { resource: Resource }[] } };
}

export interface ChooseTaskPathData {
  chooseTaskPath: { resourceUrl: string | null };
}

/** The distinct zones, one page of them. */
export function zones({ availabilityZones: { totalCount, nodes } }: ZonesData): z.output<typeof zonesAnswer> {
  return { count: totalCount, results: nodes.map(zone) };
}

/** The task and its best resources, best first. */
export function offeredTask({ submitTask: { id, offers } }: SubmitTaskData): z.output<typeof offeredTaskAnswer> {
  return { task_id: Number(id), count: offers.totalCount, results: offers.nodes.map((offer) => resource(offer.resource)) };
}

function zone({ organization, region, availabilityZone, industry }: Zone) {
  return { organization: organization.name, region: region.name, availability_zone: availabilityZone.name, industry: industry.name };
}

function resource(offered: Resource): z.output<typeof offeredTaskAnswer>['results'][number] {
  return {
    id: Number(offered.id),
    ...zone(offered.identifier),
    resource_type: offered.identifier.resourceType.name,
    service_type: offered.identifier.serviceType.name,
    power_consumption: offered.powerConsumption,
    cpu_performance: offered.cpuPerformance,
    cpu_available: offered.cpuAvailable,
    gpu_model: offered.gpuModel,
    gpu_performance: offered.gpuPerformance,
    gpu_memory: offered.gpuMemory,
    gpu_available: offered.gpuAvailable,
    network_delay: formatNetworkDelay(offered.networkDelayMs),
    network_performance: offered.networkPerformance,
    network_isixp: offered.networkIsIxp,
    network_ips: offered.networkIps,
    network_available: offered.networkAvailable,
    network_ips_available: offered.networkIpsAvailable,
    network_ports: offered.networkPorts,
    price: offered.price,
  };
}
