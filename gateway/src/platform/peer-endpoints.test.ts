import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anonymous, CallerTokens, listen, silentLog, type HttpListener, type OpenSubgraph } from '@hutong/common';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FilesSubgraph } from '../testkit/files-subgraph.js';
import { operationForm, UPLOAD_HEADERS } from '../testkit/multipart.client.js';
import { PeerEndpoints } from './peer-endpoints.js';

const tokens = new CallerTokens('the secret of both processes');
const token = tokens.sign('files', { caller: anonymous, origin: 'peer' });

let files: FilesSubgraph;
let listener: HttpListener;
beforeAll(async () => {
  files = new FilesSubgraph(await mkdtemp(join(tmpdir(), 'hutong-peers-')));
  const local = { name: 'files', schema: files.schema, connection: files.connection } as unknown as OpenSubgraph;
  const endpoints = new PeerEndpoints([local], tokens, { files: 1, fileBytes: 10, idleMs: 3_000 }, silentLog);
  listener = await listen(express().use(endpoints.handler), { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await listener.drain(1_000);
  await rm(files.folder, { recursive: true });
});

async function keep(content: string): Promise<{ data?: object | null; errors?: { message: string; extensions: object }[] }> {
  const form = operationForm({ query: 'mutation ($file: Upload!) { keep(file: $file) { bytes } }', variables: { file: null }, map: { a: ['variables.file'] }, files: { a: content } });
  const response = await fetch(`http://127.0.0.1:${listener.port}/subgraphs/files/graphql`, { method: 'POST', headers: { ...UPLOAD_HEADERS, authorization: `Bearer ${token}` }, body: form });
  return (await response.json()) as never;
}

test('files from other processes are held to the limits of the settings', async () => {
  expect(await keep('0123456789')).toEqual({ data: { keep: { bytes: 10 } } });
  expect((await keep('0123456789+')).errors).toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code: 'LIMIT_EXCEEDED' }) })]);
});
