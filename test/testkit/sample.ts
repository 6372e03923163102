/** The document's own identifier and report, to begin from. */
export const SAMPLE_IDENTIFIER = '1101tc200044013301502601009F1S1024N100P150';
export const SAMPLE_ORGANIZATION = '20004';

export const sampleReport = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  computing_id: SAMPLE_IDENTIFIER,
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
  ...over,
});

/** The same report in the words of the graph. */
export const sampleGraphReport = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  identifier: SAMPLE_IDENTIFIER,
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
  ...over,
});
