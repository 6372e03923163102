import { chmod, mkdir, mkdtemp, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeFolder } from './folder.removal.js';

test('a folder goes with all in it, whatever rights its folders have, and what its links lead to stays', async () => {
  const [folder, elsewhere] = [await mkdtemp(join(tmpdir(), 'hutong-removal-')), await mkdtemp(join(tmpdir(), 'hutong-kept-'))];
  await mkdir(join(folder, 'closed', 'inner'), { recursive: true });
  await writeFile(join(folder, 'closed', 'inner', 'file'), 'text');
  await symlink(elsewhere, join(folder, 'closed', 'link'));
  await chmod(elsewhere, 0o555);
  for (const closed of [join('closed', 'inner'), 'closed']) await chmod(join(folder, closed), 0);
  await removeFolder(folder);
  await expect(stat(folder)).rejects.toThrow('ENOENT');
  expect((await stat(elsewhere)).mode & 0o777).toBe(0o555);
  await removeFolder(folder);
  await removeFolder(elsewhere);
});
