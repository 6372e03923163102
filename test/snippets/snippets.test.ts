import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin } from '../testkit/actor.js';
import { isMissing, pythonWith, requests } from '../testkit/engines.js';
import { BRIGHT, Recognizer } from '../testkit/inference.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { LOCAL_ENGINE } from '../testkit/training.js';
import { blocksOf, type Blocks } from './snippets.page.js';

// The snippets of the documents, run as they stand there: those of one language are one program, from the login on.

const REPOSITORY = join(import.meta.dirname, '../..');
const LIMIT_MS = 180_000;
/** What each story prints, whatever its language: the address of a task, a log, a label, a refusal. */
const TOLD = ['http://192.168.1.1:80', 'slope 2', 'bright', 'Invalid virtual machine id'];

let platform: Platform;
let folder: string;
let blocks: Blocks;
beforeAll(async () => {
  blocks = await blocksOf('snippets.md');
  folder = await mkdtemp(join(tmpdir(), 'hutong-snippets-'));
  for (const file of ['points.csv', 'train.py']) await writeFile(join(folder, file), [...blocks].find(([mark]) => mark.endsWith(` ${file}`))![1][0]!);
  await writeFile(join(folder, 'picture.png'), BRIGHT);
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  platform = await startPlatform({ environment: LOCAL_ENGINE });
  const recognizer = new Recognizer(await admin(platform));
  await recognizer.running({ modelId: await recognizer.model('brightness') });
});
afterAll(async () => {
  await platform?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the program that the blocks of a kind are together, beside the files of the page. */
async function told(mark: string, program: string, file: string, ...given: string[]): Promise<string> {
  await writeFile(join(folder, file), blocks.get(mark)!.join('\n'));
  const env = { PATH: process.env.PATH, HOME: folder, HUTONG_URL: platform.url, HUTONG_USER: 'admin', HUTONG_PASSWORD: ADMIN_PASSWORD };
  const { stdout } = await promisify(execFile)(program, [...given, file], { cwd: folder, env, timeout: LIMIT_MS });
  return stdout;
}

function expectTold(output: string): void {
  for (const text of TOLD) expect(output).toContain(text);
}

test('curl', async () => expectTold(await told('sh curl', 'bash', 'snippets.sh', '-eu', '-o', 'pipefail')), LIMIT_MS);

describe.skipIf(isMissing(requests))('with requests', () => {
  test('Python', async () => expectTold(await told('python requests', pythonWith('requests')!, 'snippets.py')), LIMIT_MS);
});

test('Node', async () => expectTold(await told('js node', process.execPath, 'snippets.mjs')), LIMIT_MS);

test('the Chinese page has the same snippets', async () => {
  expect(await blocksOf('snippets.zh.md')).toEqual(blocks);
});
