import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog } from '@hutong/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchFile } from './watched-file.js';

let folder: string;
let file: string;
let calls: number;
let unwatch: () => void;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-watch-'));
  file = path.join(folder, 'supergraph.graphql');
  calls = 0;
  unwatch = () => undefined;
});
afterEach(async () => {
  unwatch();
  await rm(folder, { recursive: true });
});

const begin = () => void (unwatch = watchFile(file, () => void calls++, silentLog));
const told = () => vi.waitUntil(() => calls > 0, { timeout: 15_000 });

async function turnLink(link: string, target: string): Promise<void> {
  await symlink(target, `${link}.new`);
  await rename(`${link}.new`, link);
}

test('a file that is written in place is told, again and again', async () => {
  await writeFile(file, 'one');
  begin();
  for (const text of ['two', 'three']) {
    calls = 0;
    await writeFile(file, text);
    await told();
  }
});

test('a file that is replaced by another of its name is told, again and again', async () => {
  await writeFile(file, 'one');
  begin();
  for (const text of ['two!', 'three!']) {
    calls = 0;
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    await told();
  }
});

test('a link of Kubernetes that is turned is told', async () => {
  for (const version of ['..1', '..2']) {
    await mkdir(path.join(folder, version));
    await writeFile(path.join(folder, version, 'supergraph.graphql'), version);
  }
  await symlink('..1', path.join(folder, '..data'));
  await symlink('..data/supergraph.graphql', file);
  begin();
  await turnLink(path.join(folder, '..data'), '..2');
  await told();
});

test('a link in another folder that is turned is seen by looking', async () => {
  const releases = path.join(folder, 'releases');
  await mkdir(releases);
  for (const version of ['v1', 'v2']) {
    await mkdir(path.join(releases, version));
    await writeFile(path.join(releases, version, 'supergraph.graphql'), `version ${version}`);
  }
  await symlink('v1', path.join(releases, 'current'));
  await symlink('releases/current/supergraph.graphql', file);
  begin();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await turnLink(path.join(releases, 'current'), 'v2');
  await told();
});

test('nothing is told of other files, nor after the end', async () => {
  await writeFile(file, 'one');
  begin();
  await writeFile(path.join(folder, 'other.graphql'), 'two');
  unwatch();
  await writeFile(file, 'three');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(calls).toBe(0);
});
