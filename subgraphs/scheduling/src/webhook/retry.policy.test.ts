import { expect, test } from 'vitest';
import { pauseAfter, retryAfterMs } from './retry.policy.js';

test('pauses double and are spread by half to each side', () => {
  expect([pauseAfter(1, undefined, () => 0), pauseAfter(1, undefined, () => 1)]).toEqual([125, 375]);
  expect([pauseAfter(2, undefined, () => 0), pauseAfter(2, undefined, () => 1)]).toEqual([250, 750]);
});

test('a pause is never shorter than the server asked for', () => {
  expect(pauseAfter(1, 9_000, () => 1)).toBe(9_000);
  expect(pauseAfter(1, 0, () => 1)).toBe(375);
});

test('Retry-After is read as seconds or as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(retryAfterMs('7', now)).toBe(7_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:00 GMT', now + 5_000)).toBe(0);
  expect([retryAfterMs(undefined, now), retryAfterMs('soon', now)]).toEqual([undefined, undefined]);
});
