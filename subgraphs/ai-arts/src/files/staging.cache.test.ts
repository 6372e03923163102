import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StagingCache } from './staging.cache.js';

test('two processes that make room at the same time hinder each other in nothing', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hutong-cache-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['aa.10', 'bb.10']) await mkdir(path.join(folder, name));
  const cacheOf = (inUse: () => Promise<ReadonlySet<string>>) => new StagingCache({ store: {} as never, folder, mostBytes: 0, inUse });
  const other = cacheOf(async () => new Set());
  await cacheOf(async () => {
    await other.sweep();
    return new Set();
  }).sweep();
  expect(await readdir(folder)).toEqual([]);
});
