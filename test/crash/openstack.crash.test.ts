import { describe } from 'vitest';
import { isMissing, openStack } from '../testkit/engines.js';
import { openStackPlatformCloud } from '../testkit/platform-cloud.js';
import { cloudCrashes } from './cloud.crash.js';

describe.skipIf(isMissing(openStack))('kill -9 with machines on a real OpenStack', () => {
  cloudCrashes(openStackPlatformCloud);
});
