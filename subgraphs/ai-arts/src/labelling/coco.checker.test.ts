import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { CocoChecker } from './coco.checker.js';

const NO_LABELS = JSON.stringify({ images: [], annotations: [], categories: [] });

test('whoever gives up does not wait for the labels of others, which are checked all the same', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hutong-coco-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [slow, quick] = ['slow', 'quick'].map((name) => path.join(folder, name)) as [string, string];
  // Its reader waits until somebody writes.
  await promisify(execFile)('mkfifo', [slow]);
  await writeFile(quick, NO_LABELS);
  const checker = new CocoChecker();
  const patient = new AbortController().signal;
  const impatient = new AbortController();
  const check = (file: string, signal: AbortSignal) => checker.check({ file, files: [], mostBytes: 1_000 }, signal);
  const checks = [check(slow, patient), check(quick, impatient.signal), check(quick, patient)] as const;
  impatient.abort(new Error('impatient'));
  const given = await Promise.race([checks[1].catch((error: Error) => error.message), checks[0]]);
  const write = writeFile(slow, NO_LABELS);
  expect(given).toBe('impatient');
  const none = { images: 0, annotations: 0, categories: 0 };
  expect(await Promise.all([checks[0], checks[2], write])).toEqual([none, none, undefined]);
});
