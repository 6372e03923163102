import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Cancellation } from './cancellation.js';

/** Writes down what it is told. */
function listener() {
  const told: unknown[] = [];
  return { told, cancelled: (reason: unknown) => void told.push(reason) };
}

test('everybody who was added and not removed is told the reason, once', () => {
  const cancellation = new Cancellation();
  const [first, second, third, removed] = [listener(), listener(), listener(), listener()];
  for (const one of [first, removed, second, third]) cancellation.add(one);
  cancellation.remove(removed);
  expect([cancellation.isCancelled, cancellation.reason]).toEqual([false, undefined]);
  cancellation.cancel('gone');
  cancellation.cancel('again');
  expect([cancellation.isCancelled, cancellation.reason]).toEqual([true, 'gone']);
  expect([first, second, third, removed].map(({ told }) => told)).toEqual([['gone'], ['gone'], ['gone'], []]);
});

test('who is removed while others are told is not told', () => {
  const cancellation = new Cancellation();
  const last = listener();
  cancellation.add({ cancelled: () => cancellation.remove(last) });
  cancellation.add(last);
  cancellation.cancel('gone');
  expect(last.told).toEqual([]);
});

test('its signal is aborted with its reason, asked for before or afterwards', () => {
  const cancellation = new Cancellation();
  const { signal } = cancellation;
  expect(signal.aborted).toBe(false);
  cancellation.cancel('gone');
  expect([signal.aborted, signal.reason, cancellation.signal]).toEqual([true, 'gone', signal]);
  const late = new Cancellation();
  late.cancel('gone');
  expect([late.signal.aborted, late.signal.reason]).toEqual([true, 'gone']);
});

test('that of a signal is cancelled with it, is one and the same, and listens only while somebody is to be told', () => {
  const controller = new AbortController();
  const { signal } = controller;
  const cancellation = Cancellation.of(signal);
  expect([Cancellation.of(signal), cancellation.signal]).toEqual([cancellation, signal]);
  const listeners = () => getEventListeners(signal, 'abort').length;
  const [one, other] = [listener(), listener()];
  expect(listeners()).toBe(0);
  cancellation.add(one);
  cancellation.add(other);
  expect(listeners()).toBe(1);
  cancellation.remove(one);
  expect(listeners()).toBe(1);
  cancellation.remove(other);
  expect(listeners()).toBe(0);
  cancellation.add(other);
  controller.abort('gone');
  expect([cancellation.isCancelled, cancellation.reason, one.told, other.told]).toEqual([true, 'gone', [], ['gone']]);
  expect(Cancellation.of(AbortSignal.abort('before')).isCancelled).toBe(true);
});
