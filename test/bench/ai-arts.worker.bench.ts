import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { denseModel, randomNumbers } from '../testkit/onnx.model.js';
import { floats, OnnxWorkers, type OnnxWorker } from '../testkit/onnx.worker.js';
import type { Benchmark } from './benchmark.js';

const INPUTS = 784;
/** A single inference takes 5 ms or more. */
const SLOW_SIZES = [INPUTS, 4_000, 4_000, 10];
const DIGIT_SIZES = [INPUTS, 64, 10];
const CLIENTS = 32;
const ROUNDS = 7;
const ROUND_MS = 1_500;
const MEMORY_ROUNDS = 5;
const REST_MS = 1_500;
const BARE = `require(process.argv[1]).InferenceSession.create(process.argv[2], { intraOpNumThreads: 1 }).then((session) => { globalThis.session = session; setInterval(() => {}, 1e6); console.log('loaded'); });`;
const { signal } = new AbortController();
const random = randomNumbers(3);
const row = () => [floats('x', [1, INPUTS], Array.from({ length: INPUTS }, random))];

/** Requests a second that so many clients get answered, each asking again at once. */
async function rate({ client }: OnnxWorker, clients: number): Promise<number> {
  const start = performance.now();
  const counts = await Promise.all(Array.from({ length: clients }, async () => {
    let count = 0;
    for (; performance.now() - start < ROUND_MS; count += 1) await client.infer(row(), signal);
    return count;
  }));
  return (counts.reduce((sum, count) => sum + count, 0) / (performance.now() - start)) * 1_000;
}

const joining: Benchmark = {
  name: `requests of ${CLIENTS} clients joined by the ONNX worker`,
  target: '≥ 1.5 × the requests/s of one at a time in the same worker',
  meets: (ratio) => ratio >= 1.5,
  async run() {
    await using workers = await OnnxWorkers.open();
    const worker = await workers.start(denseModel(SLOW_SIZES));
    await rate(worker, 1);
    const perSecond: Record<'oneByOne' | 'joined', number[]> = { oneByOne: [], joined: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      perSecond.oneByOne.push(Math.round(await rate(worker, 1)));
      perSecond.joined.push(Math.round(await rate(worker, CLIENTS)));
    }
    return { ratio: perSecond.joined.map((joined, round) => joined / perSecond.oneByOne[round]!), detail: { perSecond, statistics: await worker.client.statistics(signal) } };
  },
};

/** Memory that a process has in use, in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))!;
  return Math.round(Number(kib) / 1_024);
}

async function bareMemory(file: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', BARE, createRequire(import.meta.url).resolve('onnxruntime-node'), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await delay(REST_MS);
  const memory = await memoryOf(child.pid!);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return memory;
}

const atRest: Benchmark = {
  name: 'memory of an ONNX worker at rest',
  target: '≤ 1.3 × a bare process that loaded the same model',
  meets: (ratio) => ratio <= 1.3,
  async run() {
    await using workers = await OnnxWorkers.open();
    const file = path.join(workers.folder, 'digits.onnx');
    await writeFile(file, denseModel(DIGIT_SIZES));
    const mebibytes: Record<'worker' | 'bare', number[]> = { worker: [], bare: [] };
    for (let round = 0; round < MEMORY_ROUNDS; round += 1) {
      const worker = workers.launchFile(file);
      await worker.untilReady();
      await worker.client.infer(row(), signal);
      await delay(REST_MS);
      mebibytes.worker.push(await memoryOf(worker.process.pid!));
      await worker.end('SIGKILL');
      mebibytes.bare.push(await bareMemory(file));
    }
    return { ratio: mebibytes.worker.map((memory, round) => memory / mebibytes.bare[round]!), detail: { mebibytes } };
  },
};

export const benchmarks: Benchmark[] = [joining, atRest];
