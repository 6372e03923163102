import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { AiArtsClient } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { BUCKET, startS3Server, type S3Server } from '../testkit/s3-server.js';

// Files on an S3 server that browsers reach themselves.

let server: S3Server;
let platform: Platform;
let alice: Actor;
let client: AiArtsClient;
beforeAll(async () => {
  server = await startS3Server();
  platform = await startPlatform({
    environment: { STORE_DRIVER: 's3', STORE_S3_BUCKET: BUCKET, STORE_S3_ENDPOINT: server.url, STORE_S3_ACCESS_KEY_ID: 'hutong', STORE_S3_SECRET_ACCESS_KEY: 'a-long-secret', AI_ARTS_PRESIGNED_DOWNLOADS: 'true' },
  });
  alice = await actor(await admin(platform), 'alice');
  client = new AiArtsClient(alice);
});
afterAll(async () => {
  await platform?.dispose();
  await server?.stop();
});

const sha256 = (bytes: ArrayBuffer | Buffer<ArrayBuffer>) => createHash('sha256').update(Buffer.from(bytes as ArrayBuffer)).digest('hex');

async function made(fileName: string, bytes: Buffer<ArrayBuffer>): Promise<{ id: number; link: URL }> {
  const path = await client.uploaded('/datasets/upload', bytes, fileName);
  const { id } = await client.ask('POST', '/datasets', { name: randomUUID(), description: 'x', path });
  const { dataset } = await alice.ask('query ($id: ID!) { dataset(id: $id) { downloadUrl } }', { id });
  return { id, link: new URL(dataset.downloadUrl as string, platform.url) };
}

test('a browser with a link is sent on to the store, and gets the file under its name', async () => {
  const bytes = randomBytes(100_000);
  const { link } = await made('数字.bin', bytes);
  const sent = await fetch(link, { redirect: 'manual' });
  const place = sent.headers.get('location')!;
  expect([sent.status, sent.headers.get('cache-control'), new URL(place).origin]).toEqual([302, 'no-store', server.url]);
  // The server of these tests does not heed it.
  expect(new URL(place).searchParams.get('response-content-disposition')).toContain(`filename*=UTF-8''${encodeURIComponent('数字.bin')}`);
  const file = await fetch(place);
  expect(sha256(await file.arrayBuffer())).toBe(sha256(bytes));
  const part = await fetch(link, { headers: { range: 'bytes=10-19' } });
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, bytes.subarray(10, 20)]);
});

test('whoever sends a credential is not, as it would go along; nor is HEAD, nor an archive', async () => {
  const bytes = randomBytes(1_000);
  const { id, link } = await made('x.bin', bytes);
  const withCredential = await fetch(link, { headers: { token: alice.credential }, redirect: 'manual' });
  expect([withCredential.status, sha256(await withCredential.arrayBuffer())]).toEqual([200, sha256(bytes)]);
  const legacy = await client.fetch(`/datasets/${id}/download`, { redirect: 'manual' });
  expect([legacy.status, sha256(await legacy.arrayBuffer())]).toEqual([200, sha256(bytes)]);
  expect((await fetch(link, { method: 'HEAD', redirect: 'manual' })).status).toBe(200);
  const several = await made('set.tar.gz', await tarGzOf({ 'a.txt': 'one', 'b.txt': 'two' }));
  const archive = await fetch(several.link, { redirect: 'manual' });
  expect([archive.status, archive.headers.get('content-type')]).toEqual([200, 'application/gzip']);
  await archive.arrayBuffer();
});
