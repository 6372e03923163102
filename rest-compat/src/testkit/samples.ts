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

/** A notebook as the graph shows it. */
export const sampleNotebook = {
  id: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a10',
  name: '笔记',
  engine: 'python',
  deviceType: 'cpu',
  deviceNum: 1,
  codePath: null,
  description: null,
  state: 'RUNNING',
  createdAt: '2026-01-31T08:00:00.000Z',
  openUrl: 'http://127.0.0.1:4100/open?link=x',
};

/** A training as the graph shows it. */
export const sampleTraining = {
  id: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a11',
  name: '手写数字',
  engine: 'python',
  deviceType: 'cpu',
  deviceNum: 2,
  codePath: 'code/8f14e45f-ceea-467f-a8f1-0d1d2c9c2a12',
  startupFile: 'train.py',
  outputPath: null,
  datasetPath: null,
  params: { lr: 0.1 },
  description: null,
  state: 'RUNNING',
  stateReason: null,
  createdAt: '2026-01-31T08:00:00.000Z',
  startedAt: '2026-01-31T08:00:01.500Z',
  endedAt: null,
  exitCode: null,
  jobTrainingType: 'RegularJob',
  numPs: null,
  numPsWorker: null,
  log: { text: 'epoch 1\n', cursor: 'c1' },
  logPage: { text: 'epoch 1\n', cursor: 'c1', pageCount: 1 },
};

/** A dataset as the graph shows it. */
export const sampleDataset = {
  id: '3',
  name: '手写数字',
  description: null,
  version: '1',
  isPrivate: true,
  sizeBytes: 5_000_000_000,
  fileCount: 2,
  path: 'dataset/8f14e45f-ceea-467f-a8f1-0d1d2c9c2a13',
  createdAt: '2026-01-31T08:00:00.000Z',
  updatedAt: '2026-01-31T09:00:00.000Z',
  creator: 'alice',
  downloadUrl: '/ai_arts/files/link',
};

/** A model as the graph shows it. */
export const sampleModel = { ...sampleDataset, id: '4', format: 'onnx', use: null, engine: 'tensorflow-2.4', precision: null, params: { layers: 3 }, training: sampleTraining };

/** An inference service as the graph shows it. */
export const sampleInference = {
  id: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a15',
  name: '识别',
  state: 'RUNNING',
  stateReason: null,
  createdAt: '2026-01-31T08:00:00.000Z',
  description: null,
  engine: 'onnx',
  deviceType: 'cpu',
  deviceNum: 1,
  requests: 7,
  failed: 1,
  latencyMs: 4.5,
  model: { id: '4', name: 'digits', version: '1', path: 'model/8f14e45f-ceea-467f-a8f1-0d1d2c9c2a13' },
};

/** What a service has found in a picture. */
export const sampleRecognition = { task: 'classify', labels: [{ label: '7', score: 0.98 }], boxes: [] };

/** A list as the graph shows it. */
export const listOf = (...nodes: object[]): object => ({ totalCount: nodes.length, nodes });
