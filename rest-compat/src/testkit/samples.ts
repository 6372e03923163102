export const IDENTIFIER = '1101tc200044013301502601009F1S1024N100P150';

/** The document's own sample of a report. */
export const sampleReport = {
  computing_id: IDENTIFIER,
  power_consumption: 0,
  cpu_performance: 2000,
  cpu_available: 0,
  gpu_model: 'RTX 3080',
  gpu_performance: 18000,
  gpu_memory: 16,
  gpu_available: 0,
  network_delay: '5ms',
  network_performance: 100,
  network_isixp: true,
  network_ips: '192.168.1.1',
  network_available: '',
  network_ips_available: '192.168.1.1',
  network_ports: '80,443',
  price: 100,
};

/** The same report as the graph's input. */
export const sampleReportInput = {
  identifier: IDENTIFIER,
  powerConsumption: 0,
  cpuPerformance: 2000,
  cpuAvailable: 0,
  gpuModel: 'RTX 3080',
  gpuPerformance: 18000,
  gpuMemory: 16,
  gpuAvailable: 0,
  networkDelayMs: 5,
  networkPerformance: 100,
  networkIsIxp: true,
  networkIps: '192.168.1.1',
  networkAvailable: '',
  networkIpsAvailable: '192.168.1.1',
  networkPorts: '80,443',
  price: 100,
};

const named = (name: string) => ({ code: '0', name });

export const sampleZone = {
  organization: named('中科曙光'),
  region: named('北京'),
  availabilityZone: named('可用区一'),
  industry: named('金融'),
};

/** A resource as the graph shows it. */
export const sampleResource = {
  ...sampleReportInput,
  id: '1',
  identifier: { ...sampleZone, resourceType: named('超算'), serviceType: named('主机') },
};

export const sampleMachine = {
  id: '100',
  name: 'Aimlab001',
  cpus: 32,
  status: 'RUNNING',
  memoryBytes: 11_591_667_560,
  gpu: 'NVIDIA RTX4090',
  ip: '192.168.1.100',
  maxDiskBytes: 128_849_018_880,
  attributes: {},
};

/** A page of the inventory as the graph shows it. */
export function machinePage(nodes: object[], endCursor?: string): object {
  return { nodes, totalCount: nodes.length, pageInfo: { hasNextPage: endCursor !== undefined, endCursor: endCursor ?? null } };
}
