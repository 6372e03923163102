import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { JobFolders } from '../job/job.folders.js';
import { JupyterServers } from './jupyter.server.js';
import { WithoutText } from './without-text.js';

const data = await mkdtemp(path.join(tmpdir(), 'hutong-jupyter-'));
const id = '11111111-1111-4111-8111-111111111111';
const servers = (isHere = true) => new JupyterServers({ secret: 'a secret of this test', command: ['jupyter-server'], folders: new JobFolders(data), isOnThisMachine: () => isHere });
const run = { id, runId: '22222222-2222-4222-8222-222222222222', host: 'node7' };
const folder = path.join(data, 'ai-arts/jobs', id, 'jupyter', run.runId);
const file = path.join(folder, 'jpserver-7.json');

beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
});
afterAll(() => rm(data, { recursive: true }));

test('a server is found where it says that it listens, on the machine of its job', async () => {
  await writeFile(file, JSON.stringify({ port: 23_456 }));
  expect(await servers().originOf(run)).toBe('http://127.0.0.1:23456');
  expect(await servers(false).originOf(run)).toBe('http://node7:23456');
  expect(await servers(false).originOf({ ...run, host: 'fe80::1' })).toBe('http://[fe80::1]:23456');
  expect(await servers(false).originOf({ ...run, host: null })).toBeUndefined();
});

test.each([
  ['nothing', async () => undefined],
  ['another file', () => writeFile(path.join(folder, 'x.json'), '{"port":23456}')],
  ['half of it', () => writeFile(file, '{"port":234')],
  ['no port', () => writeFile(file, '{}')],
  ['a port of the system', () => writeFile(file, '{"port":22}')],
  ['what is no port', () => writeFile(file, '{"port":"23456@evil.example/"}')],
  ['a link', () => writeFile(path.join(folder, 'real'), '{"port":23456}').then(() => symlink('real', file))],
  ['a pipe', () => promisify(execFile)('mkfifo', [file])],
  ['a folder', () => mkdir(file)],
  ['a very large file', () => writeFile(file, `${' '.repeat(70_000)}{"port":23456}`)],
])('%s in its place tells of no server', async (_what, make) => {
  await make();
  expect(await servers().originOf(run)).toBeUndefined();
  expect(await servers().statusOf(run)).toBeUndefined();
});

test('every run has a token of its own, the same after a restart', () => {
  expect(servers().tokenOf(run)).toBe(servers().tokenOf(run));
  expect(servers().tokenOf(run)).not.toBe(servers().tokenOf({ runId: id }));
});

test('a text is taken off whatever pieces it comes in', async () => {
  const secret = 'abcabd';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'ab', 'abc', secret, 'xyz'), { maxLength: 30 }), async (pieces) => {
      const chunks = pieces.map((piece) => Buffer.from(piece));
      const passed = (await buffer(Readable.from(chunks).pipe(new WithoutText(secret)))).toString();
      expect(passed).toBe(pieces.join('').replaceAll(secret, ''));
    }),
  );
});
