import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { HutongError, REFUSED, refuseRequest } from '@hutong/common';
import { uploadsIn, type UploadedFile } from '@hutong/common/process';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { envelope } from '../simple-server/envelope.js';
import { httpStatuses } from '../simple-server/error-map.js';
import { guide } from '../simple-server/guide.js';
import { route, type Contract } from './contract.js';
import type { Graph, GraphRequest } from './graph.js';
import { createRouter } from './router.js';
import { StoredOperations } from './stored-operations.js';
import { text } from './value.shapes.js';

interface Kept {
  filename: string | undefined;
  sha256: string;
  sizeBytes: number;
}

/** A graph that reads the file of an operation, and answers what it has seen. */
class ReadingGraph implements Graph {
  kept: Kept[] = [];
  asked: GraphRequest[] = [];
  goodCredential = 'good';

  async execute(request: GraphRequest) {
    this.asked.push(request);
    if (request.caller.credential !== this.goodCredential) return { errors: [{ message: 'no such ticket', extensions: { code: 'UNAUTHENTICATED' } }] };
    const [file] = uploadsIn(request.variables, 'variables');
    if (!file) return { data: { me: { id: '1' }, thing: request.variables } };
    const { filename, createReadStream } = (await file.upload.promise) as unknown as UploadedFile;
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of createReadStream() as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    this.kept.push({ filename, sha256: hash.digest('hex'), sizeBytes });
    return { data: { upload: { ...this.kept.at(-1)!, folder: (request.variables['input'] as { folder: string }).folder } } };
  }

  revision(): undefined {
    return undefined;
  }

  readiness() {
    return Promise.resolve({ ready: true, message: 'ready' });
  }
}

const contract: Contract = {
  name: 'files',
  prefix: '/files',
  guide,
  routes: [
    route<{ dir?: string | undefined }, { upload: unknown }>({
      method: 'POST',
      path: '/upload',
      summary: { en: 'Keeps a file.', zh: '保存文件' },
      credential: 'required',
      takes: { from: 'upload', file: 'data', shape: z.object({ dir: text.optional() }) },
      operation: 'Upload',
      variables: ({ dir }, { file }) => ({ input: { folder: dir ?? '', file } }),
      result: ({ upload }) => upload,
    }),
    route<undefined, { thing: { id: string } }>({
      method: 'GET',
      path: '/:id/download',
      summary: { en: 'A file.', zh: '文件' },
      credential: 'required',
      takes: { from: 'nothing' },
      operation: 'Thing',
      variables: (_, { parameters: { id } }) => ({ id }),
      destination: ({ thing: { id } }, { html }) => (html ? { redirect: `https://elsewhere.example/${id}` } : { passOn: `/kept/${encodeURIComponent(id)}` }),
      result: () => ({}),
    }),
    route<undefined, { thing: unknown }>({
      method: 'DELETE',
      path: '/:id',
      summary: { en: 'Deletes a file.', zh: '删除文件' },
      credential: 'required',
      takes: { from: 'nothing' },
      operation: 'Thing',
      variables: (_, { parameters }) => parameters,
      result: ({ thing }) => thing,
    }),
  ],
  operations: new StoredOperations('query Caller { me { id } } mutation Upload($input: Input!) { upload(input: $input) { folder } } query Thing($id: ID!) { thing(id: $id) { id } }'),
  envelope: { success: (data) => ({ status: 200, body: { code: 0, data } }), failure: ({ code }, status, message) => ({ status, body: { code, message } }), shapes: envelope.shapes },
  errors: httpStatuses,
  callerCheck: 'Caller',
};

let graph: ReadingGraph;
let server: Server;
let url: string;
beforeAll(async () => {
  graph = new ReadingGraph();
  const log = { error: (details: object, message: string) => console.error(message, details) };
  const app = express().use(createRouter({ graph, contracts: [contract], settings: { log, uploads: { files: 1, fileBytes: 1_000_000, idleMs: 1_000 } } }));
  app.get('/kept/:id', (request, response) => keep(request.params.id, response));
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  graph.kept = [];
  graph.asked = [];
});

/** What answers a request that was passed on, as the routes of a subgraph do it. */
function keep(id: string, response: express.Response): void {
  const refused = (status: number, code: string) => refuseRequest(response.req, response, new HutongError(code, status, `${id} is not there`));
  if (id === 'foreign') return refused(403, 'FORBIDDEN');
  if (id === 'away') return refused(503, 'STORE_UNAVAILABLE');
  if (id === 'short') return void response.writeHead(416, { 'content-range': 'bytes */3', 'content-length': 0 }).end();
  if (id === 'broken') {
    response.writeHead(200, { 'content-length': 100 });
    return void response.write('a part', () => refused(503, 'STORE_UNAVAILABLE'));
  }
  response.send(`the file ${id}`);
}

const send = async (form: FormData, token = 'good') => {
  const response = await fetch(`${url}/upload`, { method: 'POST', headers: { token }, body: form });
  return { status: response.status, body: (await response.json()) as { code: unknown; data: Record<string, unknown>; message: string } };
};

function formOf(bytes: Buffer<ArrayBuffer> | string, { key = 'data', name = 'digits.zip', dir }: { key?: string; name?: string; dir?: string } = {}): FormData {
  const form = new FormData();
  form.append(key, new Blob([bytes]), name);
  if (dir !== undefined) form.append('dir', dir);
  return form;
}

/** Temporary files that this process has open. */
async function filesAside(): Promise<string[]> {
  const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return links.filter((link) => link.includes('hutong-upload-'));
}

describe('a file of a form', () => {
  test('arrives whole, with the texts that stand behind it', async () => {
    const bytes = randomBytes(1_000_000);
    const { status, body } = await send(formOf(bytes, { name: '数据 é.zip', dir: '互通' }));
    expect([status, body]).toEqual([200, { code: 0, data: { filename: '数据 é.zip', folder: '互通', sizeBytes: 1_000_000, sha256: createHash('sha256').update(bytes).digest('hex') } }]);
    expect(await filesAside()).toEqual([]);
  });

  test('that is empty is a file', async () => {
    expect((await send(formOf(''))).body.data).toMatchObject({ sizeBytes: 0, folder: '' });
  });

  test('that is not there is missed by name', async () => {
    for (const form of [formOf('x', { key: 'file' }), new FormData()]) {
      expect(await send(form)).toEqual({ status: 400, body: { code: 'FILE_MISSING', message: 'data: expected multipart/form-data with a file in data' } });
    }
    const json = await fetch(`${url}/upload`, { method: 'POST', headers: { token: 'good', 'content-type': 'application/json' }, body: '{}' });
    expect([json.status, ((await json.json()) as { code: string }).code]).toEqual([400, 'FILE_MISSING']);
    expect(graph.kept).toEqual([]);
  });

  test('that is too large is refused with the limit', async () => {
    expect(await send(formOf(randomBytes(1_000_001)))).toEqual({ status: 413, body: { code: 'FILES_TOO_LARGE', message: 'data: a file may have at most 1000000 bytes (LIMIT_UPLOAD_BYTES)' } });
    expect(graph.kept).toEqual([]);
    expect(await filesAside()).toEqual([]);
  });

  test('of somebody unknown is not taken in', async () => {
    const { status, body } = await send(formOf('x'), 'bad');
    expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(graph.asked.map(({ operationName }) => operationName)).toEqual(['Caller']);
  });

  test('that is cut off, or comes no further, leaves nothing', { tags: ['ai-arts/rules/broken-upload'] }, async () => {
    for (const ending of ['hang up', 'stay silent']) {
      const { port } = server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1');
      const answered = once(socket, 'close');
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.write('POST /files/upload HTTP/1.1\r\nHost: x\r\ntoken: good\r\nConnection: close\r\nContent-Length: 900000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n');
      socket.write(`--b\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\n${'x'.repeat(100_000)}`);
      await expect.poll(filesAside).toHaveLength(1);
      if (ending === 'hang up') socket.destroy();
      await answered;
      if (ending === 'stay silent') expect(answer).toContain('The upload paused for more than 1 s');
      await expect.poll(filesAside).toEqual([]);
    }
    expect(graph.kept).toEqual([]);
  });
});

test('a form that ends within a file that nobody asked for is refused, and hurts nobody', async () => {
  const body = '--b\r\nContent-Disposition: form-data; name="other"; filename="f"\r\n\r\nxxxx';
  const response = await fetch(`${url}/upload`, { method: 'POST', headers: { token: 'good', 'content-type': 'multipart/form-data; boundary=b' }, body });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'BAD_INPUT']);
});

test('a file behind more texts than are taken is not waited for', async () => {
  const texts = Array.from({ length: 1_100 }, (_, at) => `--b\r\nContent-Disposition: form-data; name="k${at}"\r\n\r\nv\r\n`).join('');
  const body = `${texts}--b\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\n${'x'.repeat(300_000)}\r\n--b--\r\n`;
  const response = await fetch(`${url}/upload`, { method: 'POST', headers: { token: 'good', 'content-type': 'multipart/form-data; boundary=b' }, body });
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, 'BODY_TOO_LARGE']);
  await expect.poll(filesAside).toEqual([]);
});

test('what stands behind the end of a form, another form even, is not waited for', async () => {
  const body = '--b\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\nxxxx\r\n--b--\r\n--b\r\nContent-Disposition: form-data; name="other"; filename="g"\r\n\r\nxxxx';
  const response = await fetch(`${url}/upload`, { method: 'POST', headers: { token: 'good', 'content-type': 'multipart/form-data; boundary=b' }, body });
  expect(response.status).toBe(200);
  expect(graph.kept).toMatchObject([{ filename: 'f', sizeBytes: 4 }]);
});

describe('a path with a parameter', () => {
  test('is decoded after it is cut', async () => {
    const answer = await fetch(`${url}/a%2Fb%20c/`, { method: 'DELETE', headers: { token: 'good' } });
    expect(await answer.json()).toEqual({ code: 0, data: { id: 'a/b c' } });
  });

  test('leads on to what answers it here, or sends a browser elsewhere', async () => {
    const headers = { token: 'good' };
    expect(await (await fetch(`${url}/7/download`, { headers })).text()).toBe('the file 7');
    const page = await fetch(`${url}/7/download`, { headers: { ...headers, accept: 'text/html,*/*;q=0.8' }, redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([302, 'https://elsewhere.example/7']);
  });

  test.each([['foreign', 403, 'FORBIDDEN'], ['away', 503, 'STORE_UNAVAILABLE']])('tells in its envelope what fails further on: %s', async (id, status, code) => {
    const headers = { token: 'good', 'x-request-id': 'mine-7' };
    const answer = await fetch(`${url}/${id}/download`, { headers });
    expect([answer.status, answer.headers.get('x-request-id'), answer.headers.get(REFUSED), await answer.json()]).toEqual([status, 'mine-7', null, { code, message: `${id} is not there` }]);
    const head = await fetch(`${url}/${id}/download`, { headers, method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([status, '']);
  });

  test('is told of a part that is not there as HTTP tells it, and cut off where a file breaks off', async () => {
    const headers = { token: 'good' };
    const short = await fetch(`${url}/short/download`, { headers });
    expect([short.status, short.headers.get('content-range'), await short.text()]).toEqual([416, 'bytes */3', '']);
    await expect(fetch(`${url}/broken/download`, { headers }).then((answer) => answer.text())).rejects.toThrow(/terminated|fetch failed/);
  });

  test('that is empty, or has more behind it, is no path of the contract', async () => {
    for (const path of ['//download', '/7/download/more', '/7/nowhere']) {
      expect((await fetch(url + path, { headers: { token: 'good' } })).status).toBe(404);
    }
  });
});
