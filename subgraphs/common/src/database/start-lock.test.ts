import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withStartLock } from './start-lock.js';

it('lets one start at a time work on a folder, in whatever order, and tells those who wait', async () => {
  const folder = `/nowhere/${randomUUID()}`;
  let inside = 0;
  let most = 0;
  let waits = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, (inside += 1));
    await delay(5);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withStartLock(folder, work, () => (waits += 1))));
  expect(most).toBe(1);
  expect(waits).toBe(4);
});

it('is free again after work that failed', async () => {
  const folder = `/nowhere/${randomUUID()}`;
  await expect(withStartLock(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withStartLock(folder, () => Promise.resolve('yes'))).toBe('yes');
});
