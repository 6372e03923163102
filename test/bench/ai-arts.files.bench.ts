import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { largeForm, UPLOAD_HEADERS } from '../../gateway/src/testkit/multipart.client.js';
import { admin, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import type { Benchmark } from './benchmark.js';
import { withProcess } from './process.js';

const MB = 1024 * 1024;
const FILE_BYTES = 1024 * MB;
const WARM_BYTES = 64 * MB;
const ROUNDS = 3;
const MOST_MEMORY = 64 * MB;
const UPLOAD = 'mutation ($file: Upload!) { uploadFiles(input: { file: $file, purpose: DATASET }) { sizeBytes downloadUrl } }';

interface World {
  platform: Platform;
  root: Actor;
}

async function withPlatform<Result>(use: (world: World) => Promise<Result>): Promise<Result> {
  const platform = await startPlatform({ database: 'embedded' });
  try {
    return await use({ platform, root: await admin(platform) });
  } finally {
    await platform.dispose();
  }
}

/** Sends a form with a file; answers bytes of the file a second, and the answer. */
async function sent(url: string, bytes: number, headers: Record<string, string>): Promise<{ speed: number; answer: string }> {
  const start = performance.now();
  const asked = request(url, { method: 'POST', headers: { ...UPLOAD_HEADERS, ...headers } });
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  await pipeline(Readable.from(largeForm(UPLOAD, bytes), { objectMode: false }), asked);
  const [response] = await answered;
  const answer = Buffer.concat(await response.toArray()).toString();
  return { speed: bytes / ((performance.now() - start) / 1_000), answer };
}

async function uploaded({ platform, root }: World, bytes: number): Promise<{ speed: number; downloadUrl: string }> {
  const { speed, answer } = await sent(`${platform.url}/graphql`, bytes, { authorization: `Bearer ${root.credential}` });
  const { data } = JSON.parse(answer) as { data?: { uploadFiles: { sizeBytes: number; downloadUrl: string } } };
  if (data?.uploadFiles.sizeBytes !== bytes) throw new Error(`the upload answered ${answer}`);
  return { speed, downloadUrl: `${platform.url}${data.uploadFiles.downloadUrl}` };
}

/** Bytes a second of a download. */
async function downloaded(url: string): Promise<number> {
  const start = performance.now();
  const [response] = (await once(get(url), 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  if (response.statusCode !== 200 || bytes !== FILE_BYTES) throw new Error(`the download answered ${response.statusCode} with ${bytes} bytes`);
  return bytes / ((performance.now() - start) / 1_000);
}

/** Several rounds of ours beside a bare server. */
async function compare(ours: () => Promise<number>, bare: () => Promise<number>): Promise<{ ratio: number[]; detail: Record<string, unknown> }> {
  const ratio: number[] = [];
  const megabytesPerSecond: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const speeds = { ours: await ours(), bare: await bare() };
    ratio.push(speeds.ours / speeds.bare);
    for (const who of ['ours', 'bare'] as const) megabytesPerSecond[who].push(Math.round(speeds[who] / MB));
  }
  return { ratio, detail: { megabytesPerSecond } };
}

async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-bench-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const upload: Benchmark = {
  name: 'dataset of 1 GB uploaded to the disk store, SHA-256 included: bytes per second',
  target: '≥ 0.5 × a bare node server that pipes the body to a file',
  meets: (ratio) => ratio >= 0.5,
  run: () =>
    withPlatform((world) =>
      withFolder((folder) =>
        withProcess('pipe-to-file.ts', [folder], async (port) => {
          const url = `http://127.0.0.1:${port}/`;
          await uploaded(world, WARM_BYTES);
          await sent(url, WARM_BYTES, {});
          return compare(async () => (await uploaded(world, FILE_BYTES)).speed, async () => (await sent(url, FILE_BYTES, {})).speed);
        }),
      ),
    ),
};

const memory: Benchmark = {
  name: 'dataset of 1 GB uploaded to the disk store: memory that the platform grows by',
  target: '≤ 1 × 64 MB',
  meets: (ratio) => ratio <= 1,
  run: () =>
    withPlatform(async (world) => {
      const { pid } = world.platform;
      const kilobytes = async (name: string): Promise<number> => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
      await uploaded(world, WARM_BYTES);
      // Has the system forget the peak so far, that of the start.
      await writeFile(`/proc/${pid}/clear_refs`, '5');
      const before = await kilobytes('VmRSS');
      await uploaded(world, FILE_BYTES);
      const grown = ((await kilobytes('VmHWM')) - before) * 1_024;
      return { ratio: [grown / MOST_MEMORY], detail: { megabytes: Math.round(grown / MB) } };
    }),
};

const download: Benchmark = {
  name: 'dataset of 1 GB downloaded from the disk store: bytes per second',
  target: '≥ 0.6 × a bare node server that pipes the file',
  meets: (ratio) => ratio >= 0.6,
  run: () =>
    withPlatform((world) =>
      withFolder(async (folder) => {
        const file = join(folder, 'bare');
        await pipeline(Readable.from(repeated(FILE_BYTES)), createWriteStream(file));
        const { downloadUrl } = await uploaded(world, FILE_BYTES);
        return withProcess('file-to-pipe.ts', [file], async (port) => {
          const url = `http://127.0.0.1:${port}/`;
          await downloaded(downloadUrl);
          await downloaded(url);
          return compare(() => downloaded(downloadUrl), () => downloaded(url));
        });
      }),
    ),
};

function* repeated(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(MB);
  for (let left = bytes; left > 0; left -= MB) yield chunk;
}

export const benchmarks: Benchmark[] = [upload, memory, download];
