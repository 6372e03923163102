import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Log } from '../log/log.js';
import { sweepUntilDone } from './sweep-until-done.js';

const LONGEST_MS = 30_000;
const { pauses } = vi.hoisted(() => ({ pauses: [] as number[] }));

// All pauses but the longest are noted and skipped.
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof import('node:timers/promises')>();
  return {
    ...real,
    setTimeout: (pauseMs: number, ...rest: [undefined, object]) => {
      pauses.push(pauseMs);
      return real.setTimeout(pauseMs < LONGEST_MS ? 0 : pauseMs, ...rest);
    },
  };
});

const warned: unknown[] = [];
const log = { warn: ({ err }: { err: Error }, text: string) => warned.push(`${text}: ${err.message}`) } as unknown as Log;
const failure = 'could not be swept';
const away = new Error('the cloud is away');

beforeEach(() => {
  pauses.length = 0;
  warned.length = 0;
});

test('a sweep that succeeds is not repeated', async () => {
  const sweep = vi.fn<() => Promise<void>>(async () => undefined);
  await sweepUntilDone(sweep, { signal: new AbortController().signal, log, failure });
  expect(sweep).toHaveBeenCalledOnce();
  expect(pauses).toEqual([]);
  expect(warned).toEqual([]);
});

test('one that fails is repeated after pauses that double, until it succeeds', async () => {
  const sweep = vi.fn<() => Promise<void>>(async () => undefined).mockRejectedValueOnce(away).mockRejectedValueOnce(away).mockRejectedValueOnce(away);
  await sweepUntilDone(sweep, { signal: new AbortController().signal, log, failure });
  expect(sweep).toHaveBeenCalledTimes(4);
  expect(pauses).toEqual([250, 500, 1000]);
  expect(warned).toEqual(Array.from({ length: 3 }, () => 'could not be swept: the cloud is away'));
});

test('no pause is longer than half a minute, and one ends at once with the signal', async () => {
  const stop = new AbortController();
  const done = sweepUntilDone(async () => { throw away; }, { signal: stop.signal, log, failure });
  await vi.waitFor(() => expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, LONGEST_MS]), { timeout: 20_000 });
  stop.abort();
  await done;
  expect(warned).toHaveLength(pauses.length);
});

test('the sweep under way is waited for, and what its end broke is no news', async () => {
  const stop = new AbortController();
  const underWay = Promise.withResolvers<void>();
  const ended = vi.fn<() => void>();
  const done = sweepUntilDone(() => underWay.promise, { signal: stop.signal, log, failure }).then(ended);
  stop.abort();
  await turn();
  expect(ended).not.toHaveBeenCalled();
  underWay.reject(away);
  await done;
  expect(warned).toEqual([]);
});
