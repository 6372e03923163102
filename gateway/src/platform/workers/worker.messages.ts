import type { MetricValues } from '@hutong/common/telemetry';

/** What the first process tells a worker. */
export type ToWorker =
  /** All workers have been up: this one may say that it is ready. */
  | { hutong: 'all are up' }
  | { hutong: 'reload' }
  | { hutong: 'stop' }
  | { hutong: 'tell your metrics'; id: number }
  /** The answer to `collect metrics`: those of every worker. */
  | { hutong: 'metrics of all'; id: number; values: readonly MetricValues[] };

/** What a worker tells the first process. */
export type FromWorker =
  | { hutong: 'up'; port: number; admin: { username: string; password: string } | undefined }
  | { hutong: 'collect metrics'; id: number }
  | { hutong: 'metrics'; id: number; values: MetricValues };
