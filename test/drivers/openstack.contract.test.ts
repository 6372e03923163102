import { describe } from 'vitest';
import { isMissing, openStack } from '../testkit/engines.js';
import { cloudContract } from './cloud.contract.js';
import { openStackCloud } from './openstack.cloud.js';

describe.skipIf(isMissing(openStack))('the OpenStack driver, on a real OpenStack with fake compute', { timeout: 240_000 }, () => {
  cloudContract(openStackCloud);
});
