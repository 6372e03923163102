import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { KeptProcess } from './kept-process.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-kept-'));
});
afterAll(() => rm(folder, { recursive: true }));

const kept: KeptProcess[] = [];
afterEach(async () => {
  await Promise.all(kept.splice(0).map((one) => one.stop()));
});

async function keep(script: string) {
  const file = path.join(folder, `${Math.random()}.cjs`);
  await writeFile(file, script);
  const seen = { said: [] as string[], complaints: [] as string[], dead: 0 };
  kept.push(new KeptProcess({ name: 'it', file, environment: {}, say: (line) => seen.said.push(line), complain: (line) => seen.complaints.push(line), onDeadOnArrival: () => (seen.dead += 1) }));
  const starts = () => seen.said.filter((line) => line.includes('is process')).length;
  return { seen, starts };
}

test('one that ends before it was up is not started again, and what it complains of is told', async () => {
  const { seen, starts } = await keep("console.error('PORT: no'); process.exitCode = 1;");
  await expect.poll(() => seen.dead, { timeout: 10_000 }).toBe(1);
  await expect.poll(() => seen.complaints).toEqual(['[it] PORT: no']);
  expect([starts(), seen.said.at(-1)]).toEqual([1, '[it] ended with code 1 before it was up: all are ended']);
});

test('one that dies after it was up is started again, also when that fails for a while', async () => {
  const mark = JSON.stringify(path.join(folder, 'starts'));
  // Up, killed; twice not up at all; up.
  const { seen, starts } = await keep(`const fs = require('node:fs'); fs.appendFileSync(${mark}, '.');
    const start = fs.readFileSync(${mark}, 'utf8').length;
    if (start === 2 || start === 3) process.exit(1);
    process.send('up', () => start === 1 && process.kill(process.pid, 'SIGKILL'));
    setInterval(() => undefined, 1_000);`);
  await expect.poll(starts, { timeout: 20_000 }).toBe(4);
  expect([seen.dead, seen.said.filter((line) => line.includes('ended with'))]).toEqual([0, ['[it] ended with SIGKILL and is started again', '[it] ended with code 1 and is started again', '[it] ended with code 1 and is started again']]);
});
