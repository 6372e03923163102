import type { Bilingual } from '../engine/language.js';
import type { reportFields } from './report.fields.js';

/** What the fields of a report say, wherever they stand. */
export const reportWords = {
  computing_id: { en: 'The identifier of the resource; it has to be registered.', zh: '算力标识，须已注册' },
  power_consumption: { en: 'Power, in W.', zh: '功耗，单位 W' },
  cpu_performance: { en: 'CPU performance.', zh: 'CPU 性能' },
  cpu_available: { en: 'CPU capacity that is free.', zh: 'CPU 可用容量' },
  gpu_model: { en: 'The model of the GPU.', zh: 'GPU 型号' },
  gpu_performance: { en: 'GPU performance.', zh: 'GPU 性能' },
  gpu_memory: { en: 'GPU memory, in GB.', zh: '显存，单位 GB' },
  gpu_available: { en: 'GPU capacity that is free.', zh: 'GPU 可用容量' },
  network_delay: { en: 'Network delay.', zh: '网络时延' },
  network_performance: { en: 'Network performance, in Mbps.', zh: '网络性能，单位 Mbps' },
  network_isixp: { en: 'Whether the network is a dedicated one.', zh: '是否为专网' },
  network_ips: { en: 'IPv4 or IPv6 addresses, separated by commas; may be empty.', zh: 'IP 列表，以逗号分隔的 IPv4/IPv6 地址，可为空' },
  network_available: { en: 'Network capacity that is free; may be empty.', zh: '网络可用容量，可为空' },
  network_ips_available: { en: 'Addresses that are free, separated by commas; may be empty.', zh: 'IP 可用资源，以逗号分隔，可为空' },
  network_ports: { en: 'Ports or ranges of ports, separated by commas; may be empty.', zh: '网络端口，以逗号分隔的端口或端口范围，可为空' },
  price: { en: 'Price of a unit.', zh: '单价' },
  observed_at: { en: 'When this was measured (ISO 8601, UTC where no zone is given); absent: shortly before it came.', zh: '测量时间（ISO 8601，未注明时区时为 UTC）；省略时取到达前不久' },
} as const satisfies Record<keyof typeof reportFields, Bilingual>;
