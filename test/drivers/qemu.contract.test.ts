import { afterAll, describe } from 'vitest';
import { isMissing, qemu } from '../testkit/engines.js';
import { cloudContract } from './cloud.contract.js';
import { qemuCloud, type QemuUnderTest } from './qemu.cloud.js';

describe.skipIf(isMissing(qemu))('the QEMU driver, on real QEMU', () => {
  let cloud: QemuUnderTest | undefined;
  cloudContract(async () => (cloud = await qemuCloud()));
  afterAll(() => cloud?.remove());
});
