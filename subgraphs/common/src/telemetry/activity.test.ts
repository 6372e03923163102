import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { Activity, Occurrence, type Running } from './activity.js';

test('work runs and answers the same whether anybody listens or not', async () => {
  const activity = new Activity<{ n: number }, number>('test.same');
  const outcomes = async () => [
    await activity.run({ n: 1 }, async () => 1),
    await activity.run({ n: 2 }, async () => Promise.reject(new Error('two'))).catch((error: Error) => error.message),
    activity.runSync({ n: 3 }, () => 3),
  ];
  const unheard = await outcomes();
  const ends: Running<{ n: number }, number>[] = [];
  const stop = activity.onEnd((running) => ends.push(running));
  expect(await outcomes()).toEqual(unheard);
  expect(ends.map(({ details, result, error }) => [details.n, result, (error as Error | undefined)?.message])).toEqual([
    [1, 1, undefined],
    [2, undefined, 'two'],
    [3, 3, undefined],
  ]);
  stop();
  await outcomes();
  expect(ends).toHaveLength(3);
});

test('what was begun ends once, however often its end is told', () => {
  const activity = new Activity<object>('test.once');
  let open = 0;
  activity.onStart(() => open++);
  activity.onEnd(() => open--);
  const end = activity.begin({});
  expect(open).toBe(1);
  end();
  end();
  expect(open).toBe(0);
});

test('a bound store has its value in everything within the activity, also later, and nowhere else', async () => {
  const activity = new Activity<{ n: number }, number | undefined>('test.bound');
  const store = new AsyncLocalStorage<number>();
  const unbind = activity.bind(store, ({ details }) => details.n);
  const within = async () => {
    await Promise.resolve();
    return store.getStore();
  };
  expect(await Promise.all([activity.run({ n: 1 }, within), activity.run({ n: 2 }, within)])).toEqual([1, 2]);
  expect(store.getStore()).toBeUndefined();
  const other = new AsyncLocalStorage<number>();
  activity.bind(other, ({ details }) => -details.n);
  unbind();
  unbind();
  expect(await activity.run({ n: 3 }, within)).toBeUndefined();
  expect(await activity.run({ n: 4 }, async () => other.getStore())).toBe(-4);
});

test('an occurrence is told to whoever listens', () => {
  const occurrence = new Occurrence<{ n: number }>('test.occurrence');
  const heard: number[] = [];
  const stop = occurrence.hear(({ n }) => heard.push(n));
  occurrence.tell({ n: 1 });
  stop();
  occurrence.tell({ n: 2 });
  expect(heard).toEqual([1]);
});
