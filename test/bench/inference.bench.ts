import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { heldOutDigits, pngOf } from '../demo/mnist.js';
import { admin, type Actor } from '../testkit/actor.js';
import { Recognizer } from '../testkit/inference.js';
import { Librarian } from '../testkit/library.js';
import { denseModel } from '../testkit/onnx.model.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { endJobs, LOCAL_ENGINE } from '../testkit/training.js';
import type { Benchmark } from './benchmark.js';
import { median, timings } from './statistics.js';

const SIDE = 28;
const NETWORK = denseModel([SIDE * SIDE, 64, 10]);
const ROUNDS = 5;
const DIGITS = 200;
const WARM = 300;
const ALLOWANCE_MS = 5;

/** How a digit becomes an answer. */
type Reader = (png: Buffer<ArrayBuffer>) => Promise<void>;

/** In this process, by the two libraries alone. */
async function direct(): Promise<Reader> {
  const network = await InferenceSession.create(NETWORK, { intraOpNumThreads: 1 });
  return async (png) => {
    const pixels = await sharp(png).resize(SIDE, SIDE).greyscale().raw().toBuffer();
    await network.run({ x: new Tensor('float32', Float32Array.from(pixels, (ink) => ink / 255), [1, pixels.length]) });
  };
}

function throughGraph(root: Actor, serviceId: string): Reader {
  const recognizer = new Recognizer(root);
  return async (png) => {
    const { errors } = await recognizer.recognize(serviceId, png);
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
  };
}

function throughContract({ credential, platform }: Actor, serviceId: string): Reader {
  return async (png) => {
    const body = new FormData();
    body.append('image', new Blob([png]), 'digit.png');
    const response = await fetch(`${platform.legacyUrl}/ai_arts/api/inferences/${serviceId}/recognition`, { method: 'POST', headers: { authorization: `Bearer ${credential}` }, body });
    const { code, msg } = (await response.json()) as { code: number; msg: string };
    if (code !== 0) throw new Error(msg);
  };
}

async function serviceOf(root: Actor): Promise<string> {
  const { data, errors } = await new Librarian(root).send('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id } }', { name: 'digits', waitSeconds: 60 }, 'digits.onnx', NETWORK);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return new Recognizer(root).running({ name: 'digits', modelId: data.uploadModel.id });
}

/** Milliseconds that half of the digits take at most. */
async function p50(digits: readonly Buffer<ArrayBuffer>[], read: Reader): Promise<number> {
  return median(await timings(digits.length, (index) => read(digits[index]!)));
}

async function compare(platform: Platform, through: (root: Actor, serviceId: string) => Reader): Promise<{ ratio: number[]; detail: Record<string, unknown> }> {
  const root = await admin(platform);
  const digits = await Promise.all((await heldOutDigits(Array.from({ length: DIGITS }, (_, index) => index))).map(pngOf));
  const readers = { ours: through(root, await serviceOf(root)), direct: await direct() };
  for (const read of Object.values(readers)) for (let count = 0; count < WARM; count += 1) await read(digits[count % DIGITS]!);
  const ms: Record<keyof typeof readers, number[]> = { ours: [], direct: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of ['ours', 'direct'] as const) ms[who].push(Number((await p50(digits, readers[who])).toFixed(2)));
  }
  return { ratio: ms.ours.map((taken, round) => taken / (ms.direct[round]! + ALLOWANCE_MS)), detail: { ms } };
}

const recognition = (way: string, through: (root: Actor, serviceId: string) => Reader): Benchmark => ({
  name: `a 28 × 28 digit is recognised ${way}, one client (p50)`,
  target: '≤ sharp and onnxruntime in one process + 5 ms',
  meets: (ratio) => ratio <= 1,
  async run() {
    const platform = await startPlatform({ database: 'embedded', environment: { ...LOCAL_ENGINE, JOB_MEMORY_MIB: '512' } });
    try {
      return await compare(platform, through);
    } finally {
      await endJobs(platform);
      await platform.dispose();
    }
  },
});

export const benchmarks: Benchmark[] = [recognition('through GraphQL', throughGraph), recognition('by AIArts', throughContract)];
