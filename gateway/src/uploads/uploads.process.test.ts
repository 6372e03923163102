import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { beginUpload, largeForm, operationForm, UPLOAD_HEADERS } from '../testkit/multipart.client.js';
import { uploadProcesses, type UploadProcesses } from '../testkit/upload-processes.js';

const full = process.env.HUTONG_TEST_FULL === 'true';
const MB = 1024 * 1024;
const LARGE = full ? 1024 * MB : 64 * MB;
const GROWTH = 64 * MB;
const ABORTS = full ? 60 : 15;

/** Connections to the subgraph that are kept for the next request. */
const CONNECTIONS = 2;
const FILE = 400_000;
const PATIENT = { timeout: 20_000 };

const POUR = 'mutation ($file: Upload!) { pour(file: $file) }';

async function upload(url: string, bytes: number): Promise<string> {
  const sent = request(`${url}/graphql`, { method: 'POST', headers: UPLOAD_HEADERS });
  const answered = once(sent, 'response') as Promise<[Readable]>;
  await pipeline(Readable.from(largeForm(POUR, bytes)), sent);
  const [response] = await answered;
  return Buffer.concat(await response.toArray()).toString();
}

describe.each(['here', 'elsewhere'] as const)('with the subgraph %s', (place) => {
  let processes: UploadProcesses;
  beforeAll(async () => {
    processes = await uploadProcesses(place);
  });
  afterEach(async () => {
    for (const name of await readdir(processes.folder)) await rm(join(processes.folder, name));
  });
  afterAll(() => processes.stop());

  test(`a file of ${LARGE / MB} MB passes through, and the gateway's memory grows by 64 MB at most`, { timeout: 300_000 }, async () => {
    expect(await upload(processes.url, MB)).toBe(`{"data":{"pour":${MB}}}`);
    const before = await processes.memory();
    expect(await upload(processes.url, LARGE)).toBe(`{"data":{"pour":${LARGE}}}`);
    const { peak } = await processes.memory();
    expect(peak - before.resident).toBeLessThanOrEqual(GROWTH);
  });

  test('whenever the sender goes away, no file and no handle is left', { timeout: 300_000 }, async () => {
    const query = 'mutation ($a: Upload!, $b: Upload!) { one: keep(file: $b) { bytes } two: keep(file: $a) { bytes } }';
    const form = operationForm({ query, variables: { a: null, b: null }, map: { a: ['variables.a'], b: ['variables.b'] }, files: { a: randomBytes(FILE), b: randomBytes(FILE) } });
    const atRest = (await processes.handles()).length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: form.length }), fc.integer({ min: 0, max: 400 }), async (bytes, milliseconds) => {
        const socket = await beginUpload(processes.url, form.subarray(0, bytes), form.length);
        socket.on('error', () => undefined);
        await delay(milliseconds);
        socket.destroy();
      }),
      { numRuns: ABORTS, verbose: 1 },
    );
    await expect.poll(() => processes.temporaryFiles(), PATIENT).toEqual([]);
    await expect.poll(async () => (await processes.handles()).filter((target) => !target.startsWith('socket:')), PATIENT).toEqual([]);
    await expect.poll(async () => (await processes.handles()).length, PATIENT).toBeLessThanOrEqual(atRest + CONNECTIONS);
    // One that had come whole was kept before its sender went.
    const kept = await Promise.all((await readdir(processes.folder)).map((name) => stat(join(processes.folder, name))));
    expect(kept.filter(({ size }) => size !== FILE)).toEqual([]);
  });
});
