import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { expect, onTestFinished, test } from 'vitest';
import { Engine } from '../engine/engine.js';
import { JobWatcher } from './job.watcher.js';

test('a job that comes while the last look finds none is looked at all the same', async () => {
  let looks = 0;
  const find = async () => {
    looks += 1;
    await turn();
    if (looks === 1) watcher.wake();
    return [];
  };
  const watcher: JobWatcher = new JobWatcher({ fork: () => ({ find }) as unknown as EntityManager, engine: new Engine(undefined, 'none'), observer: {} as never, referenceOf: () => ({}) as never, onNews: () => undefined, log: silentLog });
  onTestFinished(() => watcher.stop());
  watcher.wake(0);
  await expect.poll(() => looks, { timeout: 5_000 }).toBe(2);
});
