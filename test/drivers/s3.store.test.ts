import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { StoreFault } from '@hutong/ai-arts/drivers/store';
import { S3Store } from '@hutong/ai-arts/drivers/store/s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startS3Server, type S3Server } from '../testkit/s3-server.js';
import { s3Settings } from './s3.settings.js';
import { s3Answer, s3Error, startScriptedS3, type ScriptedS3 } from './scripted-s3.js';

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1_000;
const { signal } = new AbortController();
const bytes = (size: number) => Readable.from([randomBytes(size)], { objectMode: false });

describe('with a server that is not as it should be', () => {
  let server: ScriptedS3;
  let store: S3Store;

  beforeAll(async () => {
    server = await startScriptedS3();
    store = new S3Store(s3Settings(server.url, { idleMs: 1_000 }));
  });

  afterEach(() => {
    server.requests.length = 0;
  });

  afterAll(async () => {
    await store?.close();
    await server?.stop();
  });

  test.each<[number, string, StoreFault]>([
    [403, 'AccessDenied', 'REFUSED'],
    [403, 'InvalidAccessKeyId', 'REFUSED'],
    [403, 'SignatureDoesNotMatch', 'REFUSED'],
    [404, 'NoSuchBucket', 'REFUSED'],
    [404, 'NoSuchKey', 'NOT_FOUND'],
    [416, 'InvalidRange', 'RANGE'],
    [400, 'QuotaExceeded', 'FULL'],
    [507, 'XMinioStorageFull', 'FULL'],
    [503, 'SlowDown', 'UNREACHABLE'],
    [500, 'InternalError', 'FAILED'],
    [400, 'KeyTooLongError', 'FAILED'],
  ])('%i %s is the fault %s', async (status, code, fault) => {
    server.script = s3Error(status, code);
    await expect(store.get('a', signal)).rejects.toMatchObject({ name: 'StoreError', fault, message: expect.not.stringContaining('127.0.0.1') as string });
    await expect(store.put('a', bytes(10), signal)).rejects.toMatchObject({ name: 'StoreError', fault });
  });

  test('a bucket that is not there is not one without files', async () => {
    server.script = s3Error(404, 'NoSuchBucket');
    const refused = { name: 'StoreError', fault: 'REFUSED', message: expect.stringContaining('STORE_S3_BUCKET') as string };
    await expect(store.stat('a', signal)).rejects.toMatchObject(refused);
    expect(await store.status(signal)).toMatchObject({ ready: false, message: expect.stringContaining('STORE_S3_BUCKET') as string });
  });

  test('a server that says nothing, or goes away, is unreachable', async () => {
    for (const script of [() => {}, (request: { destroy(): void }) => request.destroy()]) {
      server.script = script;
      await expect(store.put('a', bytes(10), signal)).rejects.toMatchObject({ name: 'StoreError', fault: 'UNREACHABLE' });
      expect(await store.status(signal)).toMatchObject({ ready: false });
    }
    const nowhere = new S3Store(s3Settings('http://127.0.0.1:9'));
    await expect(nowhere.stat('a', signal)).rejects.toMatchObject({ fault: 'UNREACHABLE', message: 'the S3 server gives no answer (ECONNREFUSED)' });
    await nowhere.close();
  });

  test.each(['broken off', 'silent'])('a file that is %s in the middle fails rather than ends', async (how) => {
    server.script = (_, response) => {
      response.writeHead(200, { 'content-length': 2 * MIB, 'last-modified': new Date().toUTCString() });
      response.write(randomBytes(MIB), () => how === 'broken off' && response.destroy());
    };
    const reading = await store.get('a', signal);
    await expect(buffer(reading)).rejects.toMatchObject({ name: 'StoreError', fault: 'UNREACHABLE' });
  });

  test('more than was asked for is cut', async () => {
    server.script = (_, response) => void response.writeHead(200, { 'content-length': 10 }).end('0123456789');
    expect((await buffer(await store.get('a', signal, { from: 0, to: 2 }))).toString()).toBe('012');
  });

  test('other bytes than those that were sent are no file', async () => {
    server.script = ({ method }, response) => void response.writeHead(200, { etag: `"${createHash('md5').update('other').digest('hex')}"`, 'content-length': method === 'HEAD' ? 10 : 0 }).end();
    await expect(store.put('a', bytes(10), signal)).rejects.toMatchObject({ name: 'StoreError', fault: 'FAILED' });
    expect(server.requests.at(-1)).toMatch(/^DELETE /);
  });

  test('neither is one of another length', async () => {
    server.script = (_, response) => void response.writeHead(200, { 'content-length': 0 }).end();
    await expect(store.put('a', bytes(10), signal)).rejects.toMatchObject({ name: 'StoreError', fault: 'FAILED' });
    expect(server.requests.at(-1)).toMatch(/^DELETE /);
  });

  test.each(['a part', 'the completion'])('an upload that fails with %s is aborted', async (what) => {
    const fails = what === 'a part' ? /^PUT .*partNumber=2/ : /^POST .*uploadId=/;
    server.script = (request, response, body) => {
      const line = `${request.method} ${request.url}`;
      if (fails.test(line)) s3Error(403, 'AccessDenied')(request, response, body);
      else if (request.url.includes('uploads')) s3Answer(response, '<InitiateMultipartUploadResult><UploadId>u-1</UploadId></InitiateMultipartUploadResult>');
      else response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
    };
    await expect(store.put('a', bytes(12 * MIB), signal)).rejects.toMatchObject({ name: 'StoreError', fault: 'REFUSED' });
    expect(server.requests.at(-1)).toMatch(/^DELETE .*uploadId=u-1/);
  });

  test.each(['goes well', 'fails with a part'])('a copy of more than a server copies at once is made of parts, and %s', async (outcome) => {
    const ranges: unknown[] = [];
    server.script = (request, response, body) => {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': 5 * 1024 ** 3 + 1 }).end();
      if (request.url.includes('uploads')) return s3Answer(response, '<InitiateMultipartUploadResult><UploadId>u-1</UploadId></InitiateMultipartUploadResult>');
      if (request.method === 'POST') return s3Answer(response, `<CompleteMultipartUploadResult><ETag>"${body.toString().match(/<ETag>/g)!.length}"</ETag></CompleteMultipartUploadResult>`);
      if (request.method === 'DELETE') return void response.writeHead(204).end();
      ranges.push([request.headers['x-amz-copy-source'], request.headers['x-amz-copy-source-range']]);
      if (outcome === 'fails with a part' && ranges.length === 3) return s3Error(403, 'AccessDenied')(request, response, body);
      s3Answer(response, '<CopyPartResult><ETag>"e"</ETag></CopyPartResult>');
    };
    const copying = store.copy('数 a', 'b', signal);
    if (outcome === 'goes well') await copying;
    else await expect(copying).rejects.toMatchObject({ name: 'StoreError', fault: 'REFUSED' });
    expect(server.requests.at(-1)).toMatch(outcome === 'goes well' ? /^POST .*uploadId=u-1/ : /^DELETE .*uploadId=u-1/);
    expect(ranges).toHaveLength(outcome === 'goes well' ? 6 : 3);
    expect(ranges[1]).toEqual([expect.stringMatching(/%E6%95%B0%20a$/), `bytes=${1024 ** 3}-${2 * 1024 ** 3 - 1}`]);
    expect(ranges.at(-1)).toEqual([expect.anything(), outcome === 'goes well' ? `bytes=${5 * 1024 ** 3}-${5 * 1024 ** 3}` : `bytes=${2 * 1024 ** 3}-${3 * 1024 ** 3 - 1}`]);
  });

  test('a sweep aborts uploads of ours that are older than a day, over all pages', async () => {
    const upload = (key: string, ageMs: number) => `<Upload><Key>our files/${key}</Key><UploadId>${key}</UploadId><Initiated>${new Date(Date.now() - ageMs).toISOString()}</Initiated></Upload>`;
    server.script = ({ method, url }, response) => {
      if (method === 'DELETE') return void response.writeHead(204).end();
      const isSecond = url.includes('key-marker=next');
      const uploads = isSecond ? upload('d', 2 * DAY_MS) : upload('a', DAY_MS + 60_000) + upload('b', DAY_MS - 60_000);
      return s3Answer(response, `<ListMultipartUploadsResult>${isSecond ? '<IsTruncated>false</IsTruncated>' : '<IsTruncated>true</IsTruncated><NextKeyMarker>next</NextKeyMarker><NextUploadIdMarker>n</NextUploadIdMarker>'}${uploads}</ListMultipartUploadsResult>`);
    };
    await store.sweep(signal);
    expect(server.requests.filter((line) => line.startsWith('DELETE')).map((line) => /uploadId=(\w+)/.exec(line)![1])).toEqual(['a', 'd']);
    expect(server.requests[0]).toContain('prefix=our%20files%2F');
  });
});

describe('with a real server', () => {
  let server: S3Server;

  beforeAll(async () => {
    server = await startS3Server();
  });

  afterAll(() => server?.stop());

  test('a client gets a file by a URL, under the name that it is to have', async () => {
    const store = new S3Store(s3Settings(server.url));
    await store.put('sets/1/a b', Readable.from([Buffer.from('hello')]), signal);
    const url = await store.presign('sets/1/a b', { fileName: '权重.bin', expiresSeconds: 300 }, signal);
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('300');
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
    expect(new URL(url).searchParams.get('response-content-disposition')).toContain(encodeURIComponent('权重.bin'));
    await store.close();
  });

  test('one that dies in the middle of a put is unreachable', async () => {
    const store = new S3Store(s3Settings(server.url, { idleMs: 2_000 }));
    async function* body(): AsyncGenerator<Buffer> {
      yield randomBytes(11 * MIB);
      await server.kill();
      yield randomBytes(11 * MIB);
    }
    await expect(store.put('large', body(), signal)).rejects.toMatchObject({ name: 'StoreError', fault: 'UNREACHABLE' });
    expect(await store.status(signal)).toMatchObject({ ready: false });
    await store.close();
  });
});
