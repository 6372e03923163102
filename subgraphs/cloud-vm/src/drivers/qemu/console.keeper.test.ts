import { appendFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConsoleKeeper } from './console.keeper.js';

test('a console that talks too much is cut, and its last words are kept', async () => {
  const machines = await mkdtemp(join(tmpdir(), 'hutong-consoles-'));
  const keeper = new ConsoleKeeper(machines);
  for (const id of ['quiet', 'loud']) await mkdir(join(machines, id));
  const [quiet, loud] = ['quiet', 'loud'].map((id) => join(machines, id, 'console.log'));
  await appendFile(quiet!, 'login:');
  await appendFile(loud!, `${'x'.repeat(1024 ** 2)}the end`);
  await keeper.cutAll();
  await appendFile(loud!, 'goes on');
  expect(await readFile(loud!, 'utf8')).toBe('goes on');
  expect(await readFile(quiet!, 'utf8')).toBe('login:');
  expect((await stat(`${loud}.1`)).size).toBe(256 * 1024);
  expect(await readFile(`${loud}.1`, 'utf8')).toMatch(/xthe end$/);
  await keeper.close();
  await rm(machines, { recursive: true });
});
