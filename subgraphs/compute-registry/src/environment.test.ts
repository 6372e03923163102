import { expect, test } from 'vitest';
import { readRegistrySettings } from './environment.js';

test('an empty environment gives the documented defaults', { tags: ['interconnect/2/stale-default', 'interconnect/2/observed-before'] }, () => {
  expect(readRegistrySettings({})).toEqual({ staleSeconds: 15 * 60, observationLagSeconds: 60, historyDays: 30 });
});

test('a bad setting is named with its fault and an example', () => {
  expect(() => readRegistrySettings({ COMPUTE_REGISTRY_STALE_SECONDS: '0' })).toThrow(/^COMPUTE_REGISTRY_STALE_SECONDS: expected an integer from 1 to 31536000.*for example/);
});
