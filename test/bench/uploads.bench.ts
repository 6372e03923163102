import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInterface } from 'node:readline';
import { largeForm, UPLOAD_HEADERS } from '../../gateway/src/testkit/multipart.client.js';
import { uploadProcesses, type UploadPlace } from '../../gateway/src/testkit/upload-processes.js';
import type { Benchmark } from './benchmark.js';

const MB = 1024 * 1024;
const FILE_BYTES = 1024 * MB;
const WARM_BYTES = MB;
const ROUNDS = 5;
const POUR = 'mutation ($file: Upload!) { pour(file: $file) }';

/** Bytes per second of one upload; the answer must hold a text. */
async function speed(url: string, bytes: number, expected: string): Promise<number> {
  const start = performance.now();
  const sent = request(url, { method: 'POST', headers: UPLOAD_HEADERS });
  const answered = once(sent, 'response') as Promise<[Readable]>;
  await pipeline(Readable.from(largeForm(POUR, bytes), { objectMode: false }), sent);
  const [response] = await answered;
  const text = Buffer.concat(await response.toArray()).toString();
  if (!text.includes(expected)) throw new Error(`${url} answered ${text}`);
  return bytes / ((performance.now() - start) / 1_000);
}

/** The bare server in a process of its own, as the gateway is in one. */
async function withBareServer<Result>(use: (url: string, empty: () => Promise<void>) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-bench-'));
  const child = spawn(process.execPath, ['--import', '@oxc-node/core/register', join(import.meta.dirname, 'pipe-to-file.ts'), folder], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return await use(`http://127.0.0.1:${port}/`, () => emptied(folder));
  } finally {
    child.kill();
    await rm(folder, { recursive: true });
  }
}

async function emptied(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name));
}

const toFile: Benchmark = {
  name: 'upload of 1 GB in one process: bytes per second',
  target: '≥ 0.6 × a bare node server that pipes the body to a file',
  meets: (ratio) => ratio >= 0.6,
  run: () =>
    withBareServer(async (bareUrl, emptyBare) => {
      const processes = await uploadProcesses('here');
      try {
        const url = `${processes.url}/graphql`;
        await speed(url, WARM_BYTES, String(WARM_BYTES));
        await speed(bareUrl, WARM_BYTES, 'ok');
        const ratio: number[] = [];
        const megabytesPerSecond: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
        for (let round = 0; round < ROUNDS; round += 1) {
          const ours = await speed(url, FILE_BYTES, String(FILE_BYTES));
          await emptied(processes.folder);
          const bare = await speed(bareUrl, FILE_BYTES, 'ok');
          await emptyBare();
          ratio.push(ours / bare);
          megabytesPerSecond.ours.push(Math.round(ours / MB));
          megabytesPerSecond.bare.push(Math.round(bare / MB));
        }
        return { ratio, detail: { megabytesPerSecond } };
      } finally {
        await processes.stop();
      }
    }),
};

const memoryOf = (place: UploadPlace, where: string): Benchmark => ({
  name: `upload of 1 GB, subgraph ${where}: memory that the gateway grows by`,
  target: '≤ 1 × 64 MB',
  meets: (ratio) => ratio <= 1,
  run: async () => {
    const processes = await uploadProcesses(place);
    try {
      const url = `${processes.url}/graphql`;
      await speed(url, WARM_BYTES, String(WARM_BYTES));
      const { resident } = await processes.memory();
      await speed(url, FILE_BYTES, String(FILE_BYTES));
      const { peak } = await processes.memory();
      const megabytes = (peak - resident) / MB;
      return { ratio: [megabytes / 64], detail: { megabytes } };
    } finally {
      await processes.stop();
    }
  },
});

export const benchmarks: Benchmark[] = [toFile, memoryOf('here', 'in one process'), memoryOf('elsewhere', 'over HTTP')];
