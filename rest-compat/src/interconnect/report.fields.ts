/** The document's fields of a report, each with the graph's name; both ways are read from here. */
export const reportFields = {
  computing_id: 'identifier',
  power_consumption: 'powerConsumption',
  cpu_performance: 'cpuPerformance',
  cpu_available: 'cpuAvailable',
  gpu_model: 'gpuModel',
  gpu_performance: 'gpuPerformance',
  gpu_memory: 'gpuMemory',
  gpu_available: 'gpuAvailable',
  network_delay: 'networkDelayMs',
  network_performance: 'networkPerformance',
  network_isixp: 'networkIsIxp',
  network_ips: 'networkIps',
  network_available: 'networkAvailable',
  network_ips_available: 'networkIpsAvailable',
  network_ports: 'networkPorts',
  price: 'price',
  observed_at: 'observedAt',
} as const;

/** Names of a report's fields in an operation's variables, as rows give them to the engine. */
export const reportFieldNames: Readonly<Record<string, string>> = {
  'input.reports': 'computing_resources',
  'input.reports[]': 'computing_resources[]',
  ...Object.fromEntries(
    Object.entries(reportFields).map(([own, graph]) => [`input.reports[].${graph}`, `computing_resources[].${own}`]),
  ),
};
