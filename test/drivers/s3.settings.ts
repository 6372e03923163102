import type { S3Store } from '@hutong/ai-arts/drivers/store/s3';
import { BUCKET } from '../testkit/s3-server.js';

type Settings = ConstructorParameters<typeof S3Store>[0];

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Settings for an S3 server of this machine. */
export const s3Settings = (endpoint: string, over: Partial<Settings> = {}): Settings => ({
  bucket: BUCKET,
  prefix: 'our files/',
  endpoint,
  region: 'us-east-1',
  isPathStyle: true,
  credentials: { accessKeyId: 'hutong', secretAccessKey: 'a-long-secret' },
  idleMs: 20_000,
  partBytes: 5 * MIB,
  leftoverMs: DAY_MS,
  ...over,
});
