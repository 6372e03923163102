import { expect, test } from 'vitest';
import { Cancellation } from './cancellation.js';
import { withDeadline } from './deadline.js';

const LONG_MS = 60_000;
const tooLate = () => new Error('too late');

test('work that ends in time is answered, or fails, as it does, and nothing is left to be told', async () => {
  const outer = new Cancellation();
  let given: Cancellation | undefined;
  expect(await withDeadline(outer, LONG_MS, tooLate, async (cancellation) => ((given = cancellation), 'done'))).toBe('done');
  await expect(withDeadline(outer, LONG_MS, tooLate, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  outer.cancel(new Error('gone'));
  expect(given?.isCancelled).toBe(false);
});

test('work that takes too long is told, and not waited for', async () => {
  let given: Cancellation | undefined;
  const never = new Promise<never>(() => undefined);
  await expect(withDeadline(new Cancellation(), 1, tooLate, (cancellation) => ((given = cancellation), never))).rejects.toThrow('too late');
  expect(given?.reason).toEqual(new Error('too late'));
});

test('the time begins when it is told to begin', async () => {
  const begun = Promise.withResolvers<void>();
  const work = Promise.withResolvers<string>();
  const answer = withDeadline(new Cancellation(), 1, tooLate, () => work.promise, begun.promise);
  setTimeout(() => work.resolve('done'), 20);
  expect(await answer).toBe('done');
  const late = withDeadline(new Cancellation(), 1, tooLate, () => new Promise<never>(() => undefined), begun.promise);
  begun.resolve();
  await expect(late).rejects.toThrow('too late');
});

test('work ends with what it is part of, and does not begin when that has ended', async () => {
  const outer = new Cancellation();
  let begun = 0;
  const work = (cancellation: Cancellation) => {
    begun += 1;
    return new Promise<never>((_, reject) => cancellation.add({ cancelled: () => reject(new Error('given up')) }));
  };
  const answer = withDeadline(outer, LONG_MS, tooLate, work);
  outer.cancel(new Error('gone'));
  await expect(answer).rejects.toThrow('gone');
  await expect(withDeadline(outer, LONG_MS, tooLate, work)).rejects.toThrow('gone');
  expect(begun).toBe(1);
});
