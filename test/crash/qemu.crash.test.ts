import { describe } from 'vitest';
import { isMissing, qemu } from '../testkit/engines.js';
import { qemuPlatformCloud } from '../testkit/platform-cloud.js';
import { cloudCrashes } from './cloud.crash.js';

describe.skipIf(isMissing(qemu))('kill -9 with machines on real QEMU', () => {
  cloudCrashes(qemuPlatformCloud);
});
