import { createHash, randomBytes } from 'node:crypto';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// A large file goes to the platform by the tus protocol, over breaks and a restart, and comes back by a link.

const MB = 1024 * 1024;

let platform: Platform;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  platform = await startPlatform();
  const root = await admin(platform);
  [alice, bob] = [await actor(root, 'alice'), await actor(root, 'bob')];
});

afterAll(() => platform?.dispose());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const as = ({ credential }: Actor): Record<string, string> => ({ authorization: `Bearer ${credential}` });

/** Sends a file as a client of the protocol does, in pieces of 1 MB, from where it was left when it was begun before; answers the path of the set that it became. */
function send(who: Actor, bytes: Buffer, metadata: Record<string, string>, uploadUrl: string | null = null): Promise<string> {
  return new Promise((resolve, reject) => {
    let path = '';
    const upload = new Upload(bytes, {
      endpoint: `${platform.url}/ai_arts/uploads`,
      uploadUrl,
      chunkSize: MB,
      headers: as(who),
      metadata,
      onAfterResponse: (_, response) => void (path = response.getHeader('Upload-Path') ?? path),
      onError: reject,
      onSuccess: () => resolve(decodeURI(path)),
    });
    upload.start();
  });
}

test('a dataset is sent in pieces, over a restart of the platform, and downloaded with the same bytes', async () => {
  const bytes = randomBytes(5 * MB + 7);
  const tus = { ...as(alice), 'tus-resumable': '1.0.0' };
  const metadata = `filename ${Buffer.from('mnist.bin').toString('base64')},purpose ${Buffer.from('DATASET').toString('base64')}`;
  const begun = await fetch(`${platform.url}/ai_arts/uploads`, { method: 'POST', headers: { ...tus, 'upload-length': String(bytes.length), 'upload-metadata': metadata } });
  const place = new URL(begun.headers.get('location')!, platform.url).href;
  const half = await fetch(place, { method: 'PATCH', headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }, body: bytes.subarray(0, 2 * MB) });
  expect(half.headers.get('upload-offset')).toBe(String(2 * MB));
  await platform.kill();
  await platform.start();
  const path = await send(alice, bytes, {}, place);

  const { registerDataset } = await alice.ask('mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { sha256 sizeBytes downloadUrl } }', { input: { name: 'mnist', path } });
  expect(registerDataset).toMatchObject({ sha256: sha256(bytes), sizeBytes: bytes.length });
  const download = await fetch(new URL(registerDataset.downloadUrl as string, platform.url));
  expect([download.status, download.headers.get('etag'), download.headers.get('content-disposition')]).toEqual([200, `"${sha256(bytes)}"`, 'attachment; filename=mnist.bin']);
  expect(sha256(new Uint8Array(await download.arrayBuffer()))).toBe(sha256(bytes));
  const part = await fetch(new URL(registerDataset.downloadUrl as string, platform.url), { headers: { range: `bytes=${5 * MB}-` } });
  expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5 * MB))]).toEqual([206, true]);
});

test('a client of the protocol sends a whole file by itself, and others can do nothing with it', async () => {
  const bytes = randomBytes(2 * MB + 1);
  const path = await send(alice, bytes, { filename: '训练.bin', purpose: 'CODE' });
  expect(path).toMatch(/^code\/[0-9a-f-]{36}$/);
  const files = `${platform.url}/ai_arts/files/${path.split('/')[1]}`;
  expect(sha256(new Uint8Array(await (await fetch(files, { headers: as(alice) })).arrayBuffer()))).toBe(sha256(bytes));
  const denied = [await fetch(files, { headers: as(bob) }), await fetch(files)];
  expect(denied.map(({ status }) => status)).toEqual([403, 401]);
});
