import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { platformSecret } from './platform-secret.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-secret-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a given secret is used, and nothing is written', async () => {
  expect(await platformSecret('given', join(folder, 'none'))).toBe('given');
  await expect(stat(join(folder, 'none'))).rejects.toThrow('ENOENT');
});

test('without one it is made once, for its owner only, and found again', async () => {
  const data = join(folder, 'data');
  const made = await platformSecret(undefined, data);
  expect(made).toMatch(/^[\w-]{43}$/);
  expect(await platformSecret(undefined, data)).toBe(made);
  expect((await stat(join(data, 'secret'))).mode & 0o777).toBe(0o600);
});

test('processes that make it at once agree', async () => {
  const made = await Promise.all([1, 2, 3].map(() => platformSecret(undefined, folder)));
  expect(new Set(made).size).toBe(1);
});
