import { expect, test } from 'vitest';
import { readSchedulingSettings } from './environment.js';

test('an empty environment gives the documented defaults', () => {
  expect(readSchedulingSettings({})).toEqual({
    webhookNetworks: [],
    allocationBudgetMs: 25_000,
    offerExpiryMs: 86_400_000,
    allocationExpiryMs: 30 * 86_400_000,
  });
});

test('allocations can be told never to expire, and networks are read as a list', () => {
  const settings = readSchedulingSettings({ SCHEDULING_ALLOCATION_EXPIRY_DAYS: '0', SCHEDULING_WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8, fd00::/8' });
  expect(settings).toMatchObject({ allocationExpiryMs: null, webhookNetworks: ['10.0.0.0/8', 'fd00::/8'] });
});

test('a bad setting is named with its fault and an example', () => {
  expect(() => readSchedulingSettings({ SCHEDULING_WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0' })).toThrow(/^SCHEDULING_WEBHOOK_ALLOWED_NETWORKS: expected networks as CIDR.*for example/);
  expect(() => readSchedulingSettings({ SCHEDULING_ALLOCATION_SECONDS: '3' })).toThrow('expected an integer from 5 to 120');
});
