import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../browser/headless.browser.js';
import { admin, type Actor } from '../testkit/actor.js';
import { chromium, isMissing, pythonWith, requests } from '../testkit/engines.js';
import { BRIGHT, Recognizer } from '../testkit/inference.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { LOCAL_ENGINE } from '../testkit/training.js';
import { blocksOf, type Blocks } from './snippets.page.js';

// The snippets of the documents, run as they stand there: those of one language are one program, from the login on.

const REPOSITORY = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const LIMIT_MS = 180_000;
/** What each story prints, whatever its language: the address of a task, a log, a label, a refusal. */
const TOLD = ['http://192.168.1.1:80', 'slope 2', 'bright', 'Invalid virtual machine id'];

let platform: Platform;
let root: Actor;
let folder: string;
let blocks: Blocks;
beforeAll(async () => {
  blocks = await blocksOf('docs/snippets.md');
  folder = await mkdtemp(join(tmpdir(), 'hutong-snippets-'));
  for (const file of ['points.csv', 'train.py']) await writeFile(join(folder, file), [...blocks].find(([mark]) => mark.endsWith(` ${file}`))![1][0]!);
  await writeFile(join(folder, 'picture.png'), BRIGHT);
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  platform = await startPlatform({ environment: LOCAL_ENGINE });
  root = await admin(platform);
  const recognizer = new Recognizer(root);
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
  const { stdout } = await run(program, [...given, file], { cwd: folder, env, timeout: LIMIT_MS });
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

describe.skipIf(isMissing(chromium))('in Chromium', () => {
  test('a page of the platform', async () => {
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`${platform.url}/healthz`);
      page.on('dialog', (asked) => void asked.accept(ADMIN_PASSWORD));
      let output = '';
      page.on('console', (message) => (output += `${message.text()}\n`));
      await page.evaluate(`(async () => {${blocks.get('js browser')!.join('\n')}})()`);
      await expect.poll(() => TOLD.filter((text) => !output.includes(text)), { message: 'what is not told' }).toEqual([]);
    } finally {
      await browser.close();
    }
  }, LIMIT_MS);
});

test('the five lines of the client’s README are right for the compiler, and run', async () => {
  const [example, following] = (await blocksOf('schema/client/README.md')).get('ts')!;
  const password = /logIn\('alice', '([^']*)'\)/.exec(example!)![1];
  await root.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input: { username: 'alice', password } });
  await writeFile(join(folder, 'whole.mts'), `${example}${following}`);
  await run(process.execPath, [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--skipLibCheck', '--types', 'node', 'whole.mts'], { cwd: folder });
  await writeFile(join(folder, 'example.mts'), `${example!.replace('http://127.0.0.1:4000', platform.url)}\nconsole.log(task);`);
  const { stdout } = await run(process.execPath, ['example.mts'], { cwd: folder, timeout: LIMIT_MS });
  expect(stdout).toContain("state: 'OFFERED'");
}, LIMIT_MS);

test('the Chinese page has the same snippets', async () => {
  const chinese = await blocksOf('docs/snippets.zh.md');
  // What is set beforehand has a comment in it.
  for (const page of [chinese, blocks]) page.delete('sh');
  expect(chinese).toEqual(blocks);
});
