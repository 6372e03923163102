import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { Pool } from 'undici';
import { heldOutDigits, pngOf } from '../demo/mnist.js';
import { admin, type Actor } from '../testkit/actor.js';
import { graphBody, type GraphBody } from '../testkit/graph-request.js';
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

/** How a digit, by its number, becomes an answer. */
type Reader = (index: number) => Promise<void>;
type Way = (root: Actor, serviceId: string, digits: readonly Buffer<ArrayBuffer>[], connection: Pool) => Promise<Reader>;

interface Answer {
  errors?: unknown[];
  code?: number;
  msg?: string;
}

/** In this process, by the two libraries alone. */
async function direct(digits: readonly Buffer<ArrayBuffer>[]): Promise<Reader> {
  const network = await InferenceSession.create(NETWORK, { intraOpNumThreads: 1 });
  return async (index) => {
    const pixels = await sharp(digits[index]).resize(SIDE, SIDE).greyscale().raw().toBuffer();
    await network.run({ x: new Tensor('float32', Float32Array.from(pixels, (ink) => ink / 255), [1, pixels.length]) });
  };
}

/** Sends what was made ready before, over one connection, as programs do that have much to ask. */
function asker(connection: Pool, path: string, { credential }: Actor): (asked: GraphBody) => Promise<Answer> {
  return async ({ headers, body }) => {
    const answer = await connection.request({ method: 'POST', path, headers: { ...headers, authorization: `Bearer ${credential}` }, body });
    return (await answer.body.json()) as Answer;
  };
}

async function throughGraph(root: Actor, serviceId: string, digits: readonly Buffer<ArrayBuffer>[], connection: Pool): Promise<Reader> {
  const ask = asker(connection, '/graphql', root);
  const query = 'mutation ($input: RecognizeImageInput!) { recognizeImage(input: $input) { labels { label score } } }';
  const asked = await Promise.all(digits.map((png) => graphBody(query, { input: { serviceId, image: new File([png], 'digit.png') } })));
  return async (index) => {
    const { errors } = await ask(asked[index]!);
    if (errors) throw new Error(JSON.stringify(errors));
  };
}

async function throughContract(root: Actor, serviceId: string, digits: readonly Buffer<ArrayBuffer>[], connection: Pool): Promise<Reader> {
  const ask = asker(connection, `/ai_arts/api/inferences/${serviceId}/recognition`, root);
  const asked = await Promise.all(digits.map(async (png) => {
    const form = new FormData();
    form.append('image', new Blob([png]), 'digit.png');
    const whole = new Response(form);
    return { headers: { 'content-type': whole.headers.get('content-type')! }, body: new Uint8Array(await whole.arrayBuffer()) };
  }));
  return async (index) => {
    const { code, msg } = await ask(asked[index]!);
    if (code !== 0) throw new Error(msg);
  };
}

async function serviceOf(root: Actor): Promise<string> {
  const { data, errors } = await new Librarian(root).send('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id } }', { name: 'digits', waitSeconds: 60 }, 'digits.onnx', NETWORK);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return new Recognizer(root).running({ name: 'digits', modelId: data.uploadModel.id });
}

/** Milliseconds that half of the digits take at most. */
async function p50(read: Reader): Promise<number> {
  return median(await timings(DIGITS, read));
}

async function compare(platform: Platform, through: Way): Promise<{ ratio: number[]; detail: Record<string, unknown> }> {
  const root = await admin(platform);
  const digits = await Promise.all((await heldOutDigits(Array.from({ length: DIGITS }, (_, index) => index))).map(pngOf));
  const connection = new Pool(platform.url, { connections: 1 });
  const readers = { ours: await through(root, await serviceOf(root), digits, connection), direct: await direct(digits) };
  for (const read of Object.values(readers)) for (let count = 0; count < WARM; count += 1) await read(count % DIGITS);
  const ms: Record<keyof typeof readers, number[]> = { ours: [], direct: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of ['ours', 'direct'] as const) ms[who].push(Number((await p50(readers[who])).toFixed(2)));
  }
  await connection.close();
  return { ratio: ms.ours.map((taken, round) => taken / (ms.direct[round]! + ALLOWANCE_MS)), detail: { ms } };
}

const recognition = (way: string, through: Way): Benchmark => ({
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
