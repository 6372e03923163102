import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallerTokens, silentLog } from '@hutong/common';
import { RemoteConnection, serveEndpoint, SubgraphEndpoint, type SubgraphServer } from '@hutong/common/remote';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FilesSubgraph } from '../testkit/files-subgraph.js';
import { beginUpload, BOUNDARY, formOf, operationForm, UPLOAD_HEADERS, type Operation } from '../testkit/multipart.client.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';

const SECRET = 'the secret of these uploads';
const ENVIRONMENT = { LIMIT_UPLOAD_FILES: '3', LIMIT_UPLOAD_BYTES: '3000000', LIMIT_BODY_BYTES: '20000', UPLOAD_IDLE_SECONDS: '3', LIMIT_CHARACTERS: '2000' };

const KEEP = 'mutation ($file: Upload!, $name: String) { keep(file: $file, name: $name) { name filename mimetype bytes sha256 } }';
const KEEP_MANY = 'mutation ($files: [Upload!]!, $backwards: Boolean) { keepMany(files: $files, backwards: $backwards) { bytes sha256 } }';
const KEEP_TWO = 'mutation ($one: Upload!, $two: Upload!) { one: keep(file: $one) { sha256 } two: keep(file: $two) { sha256 } }';
const keep: Operation = { query: KEEP, variables: { file: null }, map: { a: ['variables.file'] }, files: { a: 'content of the file' } };

const PATIENT = { timeout: 20_000 };

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

describe.each(['in the same process', 'over HTTP'])('with the subgraph %s', (place) => {
  let gateway: TestGateway;
  let files: FilesSubgraph;
  let server: SubgraphServer | undefined;
  let remote: RemoteConnection | undefined;

  beforeAll(async () => {
    files = new FilesSubgraph(await mkdtemp(join(tmpdir(), 'hutong-uploads-')));
    if (place === 'over HTTP') {
      const endpoint = new SubgraphEndpoint({ name: 'files', schema: files.schema, connection: files.connection }, new CallerTokens(SECRET), silentLog);
      server = await serveEndpoint(endpoint, { host: '127.0.0.1', port: 0 });
      remote = new RemoteConnection({ name: 'files', url: `http://127.0.0.1:${server.port}`, secret: SECRET, timeoutMs: 6_000, log: silentLog });
    }
    gateway = await testGateway({ ...ENVIRONMENT, SUBGRAPH_TIMEOUT_SECONDS: '5', REQUEST_TIMEOUT_SECONDS: '6' }, silentLog, [{ sdl: files.sdl, connection: remote ?? files.connection }]);
  });
  afterEach(async () => {
    files.failures.length = 0;
    for (const name of await readdir(files.folder)) await rm(join(files.folder, name));
  });
  afterAll(async () => {
    await gateway.stop();
    await remote?.close();
    await server?.stop(1_000);
    await rm(files.folder, { recursive: true });
  });

  const send = (body: Buffer | Operation, headers: Record<string, string> = UPLOAD_HEADERS) =>
    gateway.request('/graphql', { method: 'POST', headers, body: Buffer.isBuffer(body) ? body : operationForm(body) });
  const nothingIsLeft = async () => {
    await expect.poll(() => files.reading, PATIENT).toBe(0);
    await expect.poll(() => readdir(files.folder), PATIENT).toEqual([]);
  };

  test('a file reaches the resolver with its name, type and bytes', async () => {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query: KEEP, variables: { file: null, name: 'mine' } }));
    form.set('map', JSON.stringify({ 0: ['variables.file'] }));
    form.set('0', new Blob(['content']), "互通 (it's) 100%.png");
    const { status, data, errors } = await gateway.request('/graphql', { method: 'POST', headers: { 'apollo-require-preflight': '1' }, body: form });
    expect([status, errors]).toEqual([200, []]);
    expect(data.keep).toEqual({ name: 'mine', filename: "互通 (it's) 100%.png", mimetype: 'application/octet-stream', bytes: 7, sha256: sha256('content') });
  });

  test.each([0, 1, 65_535, 65_536, 2_999_999, 3_000_000])('a file of %i bytes arrives whole', async (bytes) => {
    const content = randomBytes(bytes);
    const { data, errors } = await send({ ...keep, files: { a: content } });
    expect(errors).toEqual([]);
    expect([data.keep.bytes, data.keep.sha256]).toEqual([bytes, sha256(content)]);
  });

  test('a list of files arrives, in whatever order the resolver reads them', async () => {
    const contents = { a: randomBytes(300_000), b: randomBytes(300_000), c: randomBytes(300_000) };
    for (const backwards of [false, true]) {
      const map = { a: ['variables.files.0'], b: ['variables.files.1'], c: ['variables.files.2'] };
      const { data, errors } = await send({ query: KEEP_MANY, variables: { files: [null, null, null], backwards }, map, files: contents });
      expect(errors).toEqual([]);
      expect(data.keepMany.map((kept: { sha256: string }) => kept.sha256)).toEqual(Object.values(contents).map(sha256));
    }
  });

  test('files within an input arrive, also where the resolver waits for all before it reads one', async () => {
    const contents = { a: randomBytes(300_000), b: randomBytes(200_000) };
    const query = 'mutation ($input: KeepInput!) { keepInput(input: $input) { name sha256 } }';
    const { data, errors } = await send({ query, variables: { input: { name: 'both', files: [null, null] } }, map: { a: ['variables.input.files.0'], b: ['variables.input.files.1'] }, files: contents });
    expect(errors).toEqual([]);
    expect(data.keepInput).toEqual(Object.values(contents).map((content) => ({ name: 'both', sha256: sha256(content) })));
  });

  test.each([['in the order of the fields', ['one', 'two']], ['in another order', ['two', 'one']]])('two files in two variables arrive when their parts come %s', async (_order, names) => {
    const contents = Object.fromEntries(names.map((name) => [name, randomBytes(200_000)]));
    const { data, errors } = await send({ query: KEEP_TWO, variables: { one: null, two: null }, map: { one: ['variables.one'], two: ['variables.two'] }, files: contents });
    expect(errors).toEqual([]);
    expect(data).toEqual({ one: { sha256: sha256(contents.one!) }, two: { sha256: sha256(contents.two!) } });
  });

  test('a file that is not read, or not to its end, holds nothing up', async () => {
    const big = randomBytes(2_000_000);
    const query = 'mutation ($a: Upload!, $b: Upload!, $c: Upload!) { ignore(file: $a) glance(file: $b) keep(file: $c) { sha256 } }';
    const { data, errors } = await send({ query, variables: { a: null, b: null, c: null }, map: { a: ['variables.a'], b: ['variables.b'], c: ['variables.c'] }, files: { a: big, b: big, c: 'last' } });
    expect(errors).toEqual([]);
    expect(data).toEqual({ ignore: true, glance: big[0], keep: { sha256: sha256('last') } });
    expect((await send({ query: 'mutation ($f: Upload!) { ignore(file: $f) }', variables: { f: null }, map: { a: ['variables.f'] }, files: { a: big } })).data).toEqual({ ignore: true });
  });

  test('a file that takes longer than a request may is received as long as bytes come', async () => {
    const form = operationForm({ ...keep, files: { a: randomBytes(900_000) } });
    const socket = await beginUpload(gateway.url, form.subarray(0, 100_000), form.length);
    for (let at = 100_000; at < form.length; at += 100_000) {
      await new Promise((resolve) => setTimeout(resolve, 800));
      socket.write(form.subarray(at, at + 100_000));
    }
    expect(await answerOf(socket)).toContain('"bytes":900000');
  });

  test('what is too large is refused as LIMIT_EXCEEDED, and nothing of it is left', async () => {
    const big = await send({ ...keep, files: { a: Buffer.alloc(3_000_001) } });
    expect(big.errors[0]).toMatchObject({ message: 'upload: at most 3000000 bytes a file allowed', extensions: { code: 'LIMIT_EXCEEDED' } });
    const four = ['a', 'b', 'c', 'd'];
    const many = await send({ query: KEEP_MANY, variables: { files: four.map(() => null) }, map: Object.fromEntries(four.map((name, index) => [name, [`variables.files.${index}`]])), files: Object.fromEntries(four.map((name) => [name, 'x'])) });
    expect([many.status, many.errors]).toEqual([413, [{ message: 'upload: at most 3 files allowed', extensions: { code: 'LIMIT_EXCEEDED' } }]]);
    const operation = await send({ ...keep, variables: { file: null, name: 'x'.repeat(20_000) } });
    expect([operation.status, operation.errors]).toEqual([413, [{ message: 'body: at most 20000 bytes allowed', extensions: { code: 'LIMIT_EXCEEDED' } }]]);
    const long = await send({ ...keep, query: `# ${'x'.repeat(2_000)}\n${KEEP}` });
    expect(long.errors[0]?.message).toContain('document length: at most 2000 characters allowed');
    await nothingIsLeft();
  });

  test('somebody who may not is refused before the file is taken', async () => {
    const form = operationForm({ query: 'mutation ($file: Upload!) { memberOnly(file: $file) }', variables: { file: null }, map: { a: ['variables.file'] }, files: { a: randomBytes(2_000_000) } });
    const socket = await beginUpload(gateway.url, form.subarray(0, 100_000), form.length);
    expect(await answerOf(socket)).toContain('UNAUTHENTICATED');
    const unknown = await send(keep, { ...UPLOAD_HEADERS, authorization: 'Bearer unknown' });
    expect([unknown.status, unknown.headers.get('www-authenticate'), unknown.errors[0]?.extensions.code]).toEqual([401, 'Bearer', 'UNAUTHENTICATED']);
  });

  test('a file that is not in the body is told as missing', async () => {
    const { errors } = await send({ ...keep, files: {} });
    expect(errors[0]).toMatchObject({ message: expect.stringContaining('File missing in the request'), extensions: { code: 'BAD_INPUT' } });
    await nothingIsLeft();
  });

  test('an upload that stops half-way, drips, or is read no further is given up, and its sender told', async () => {
    const form = operationForm({ ...keep, files: { a: randomBytes(1_000_000) } });
    const stopping = await beginUpload(gateway.url, form.subarray(0, 500_000), form.length);
    const dripping = await beginUpload(gateway.url, form.subarray(0, 100_000), form.length);
    let at = 100_000;
    const drip = setInterval(() => dripping.write(form.subarray(at, (at += 10))), 50);
    const stare = send({ query: 'mutation ($file: Upload!) { stare(file: $file) }', variables: { file: null }, map: { a: ['variables.file'] }, files: { a: randomBytes(2_900_000) } });
    for (const answer of await Promise.all([answerOf(stopping), answerOf(dripping)])) {
      expect(answer).toContain('A pause in the upload did not finish within 3 s');
      expect(answer).toContain('TIMEOUT');
    }
    clearInterval(drip);
    // Over HTTP the last bytes may lie between the processes: then it is the subgraph that is late.
    expect(['TIMEOUT', 'SUBGRAPH_UNAVAILABLE']).toContain((await stare).errors[0]?.extensions.code);
    await nothingIsLeft();
  });

  test('a sender who goes away ends the work, and nothing is left', async () => {
    const form = operationForm({ ...keep, files: { a: randomBytes(1_000_000) } });
    const socket = await beginUpload(gateway.url, form.subarray(0, 500_000), form.length);
    await expect.poll(() => files.reading, PATIENT).toBe(1);
    socket.destroy();
    await nothingIsLeft();
    expect(files.failures).toHaveLength(1);
  });

  test('a body that ends early is told as broken, and nothing is left', async () => {
    const form = operationForm({ ...keep, files: { a: randomBytes(300_000) } });
    for (const bytes of [10, 200, 350, 200_000, form.length - 8]) {
      const { errors } = await send(form.subarray(0, bytes));
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_INPUT']);
      expect(errors[0]?.message).toContain('multipart/form-data: Unexpected end of');
    }
    await nothingIsLeft();
  });
});

/** What a server answers before it closes the connection or says no more. */
async function answerOf(socket: Awaited<ReturnType<typeof beginUpload>>): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\r\n\r\n{') && text.trimEnd().endsWith('}')) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.destroy();
  return text;
}

describe('what is no sound upload', () => {
  let gateway: TestGateway;
  let files: FilesSubgraph;
  beforeAll(async () => {
    files = new FilesSubgraph(await mkdtemp(join(tmpdir(), 'hutong-uploads-')));
    gateway = await testGateway(ENVIRONMENT, silentLog, [{ sdl: files.sdl, connection: files.connection }]);
  });
  afterAll(async () => {
    expect(await readdir(files.folder)).toEqual([]);
    await gateway.stop();
    await rm(files.folder, { recursive: true });
  });
  const send = (body: Buffer | Operation, headers: Record<string, string> = UPLOAD_HEADERS) =>
    gateway.request('/graphql', { method: 'POST', headers, body: Buffer.isBuffer(body) ? body : operationForm(body) });

  test('without a header that no form can send it is refused, and told which', async () => {
    const { status, errors } = await send(keep, { 'content-type': UPLOAD_HEADERS['content-type'] });
    expect([status, errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
    expect(errors[0]?.message).toContain('"apollo-require-preflight: true" (or x-apollo-operation-name)');
    expect((await send(keep, { 'content-type': UPLOAD_HEADERS['content-type'], 'x-apollo-operation-name': 'Keep' })).errors).toEqual([]);
    for (const name of await readdir(files.folder)) await rm(join(files.folder, name));
  });

  const [operations, map, file] = [
    { name: 'operations', value: JSON.stringify({ query: KEEP, variables: { file: null } }) },
    { name: 'map', value: '{"a":["variables.file"]}' },
    { name: 'a', value: 'content', filename: 'a.txt' },
  ];
  const withMap = (value: unknown) => formOf([operations, { name: 'map', value: JSON.stringify(value) }, file]);

  test.each([
    ['no part at all', formOf([]), 'Missing multipart field ‘operations’'],
    ['no map', formOf([operations]), 'Missing multipart field ‘map’'],
    ['the map before the operations', formOf([map, operations, file]), '‘map’ should follow ‘operations’'],
    ['a file before the map', formOf([operations, file, map]), 'files must follow the parts "operations" and "map"'],
    ['a file before everything', formOf([file, operations, map]), 'files must follow'],
    ['operations that are no JSON', formOf([{ ...operations, value: '{' }, map, file]), 'Invalid JSON in the ‘operations’'],
    ['operations that are a number', formOf([{ ...operations, value: '7' }, map, file]), 'Invalid type for the ‘operations’'],
    ['operations that are a batch', formOf([{ ...operations, value: `[${operations.value}]` }, { ...map, value: '{"a":["0.variables.file"]}' }, file]), 'batch'],
    ['a map that is no JSON', formOf([operations, { ...map, value: '{' }, file]), 'Invalid JSON in the ‘map’'],
    ['a map that is a list', withMap([]), 'Invalid type for the ‘map’'],
    ['a map to a text', withMap({ a: 'variables.file' }), 'Invalid type for the ‘map’'],
    ['a map to numbers', withMap({ a: [7] }), 'Invalid type for the ‘map’'],
    ['a path that is not there', withMap({ a: ['variables.nothing'] }), 'Invalid object path'],
    ['a path to something else', withMap({ a: ['query'] }), 'Invalid object path'],
    ['the path of a prototype', withMap({ a: ['__proto__.polluted'] }), 'Invalid object path'],
    ['the path of a constructor', withMap({ a: ['constructor.prototype.polluted'] }), 'Invalid object path'],
    ['a file at no place', withMap({ a: [] }), 'map.a: a file is used once, at one place, got 0 places'],
    ['a file at two places', formOf([{ ...operations, value: JSON.stringify({ query: KEEP_MANY, variables: { files: [null, null] } }) }, { ...map, value: '{"a":["variables.files.0","variables.files.1"]}' }, file]), 'a file is used once, at one place, got 2 places'],
    ['two files at one place', withMap({ a: ['variables.file'], b: ['variables.file'] }), 'Invalid object path'],
    ['a part header that is broken', Buffer.from(`--${BOUNDARY}\r\nContent Disposition\r\n\r\n`), 'multipart/form-data: '],
    ['rubbish', randomBytes(5_000), 'multipart/form-data: Unexpected end of form'],
  ])('%s is refused', async (_what, body, part) => {
    const { status, errors } = await send(body);
    expect([status, errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
    expect(errors[0]?.message).toContain(part);
    expect(errors[0]?.message).not.toContain('https://');
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  test.each([
    ['without a boundary', { 'content-type': 'multipart/form-data' }, 'Boundary not found'],
    ['that is compressed', { 'content-encoding': 'gzip' }, 'uncompressed'],
    ['whose answer is to be a stream', { accept: 'text/event-stream' }, 'Accept: '],
  ])('a form %s is refused', async (_what, headers, part) => {
    const { status, errors } = await send(keep, { ...UPLOAD_HEADERS, ...headers });
    expect([status, errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
    expect(errors[0]?.message).toContain(part);
  });

  test('own names that prototypes have are names like others', async () => {
    const { errors } = await send({ query: KEEP, variables: JSON.parse('{"__proto__":null}'), map: JSON.parse('{"__proto__":["variables.__proto__"]}') });
    expect(errors[0]?.extensions.code).toBe('BAD_INPUT');
    expect(Object.prototype).not.toHaveProperty('promise');
  });

  test.each([
    ['in two fields', 'mutation ($file: Upload!) { one: keep(file: $file) { bytes } two: keep(file: $file) { bytes } }', 'used 2 times'],
    ['twice in a list', 'mutation ($file: Upload!) { keepMany(files: [$file, $file]) { bytes } }', 'used 2 times'],
    ['by a fragment that is spread twice', 'mutation ($file: Upload!) { ...f ...f } fragment f on Mutation { keep(file: $file) { bytes } }', 'used 2 times'],
    ['in a query', 'query ($file: Upload!) { look(file: $file) }', 'with a mutation only'],
  ])('the variable of a file used %s is refused', async (_how, query, part) => {
    const { errors } = await send({ ...keep, query });
    expect(errors[0]).toMatchObject({ message: expect.stringContaining(part), extensions: { code: 'BAD_INPUT', field: 'file' } });
  });

  test.each([null, 'text', {}, 7])('%j in the place of a file is told how to send one', async (file) => {
    const { errors } = await gateway.ask(KEEP, { variables: { file } });
    expect(errors).toMatchObject([{ message: expect.stringContaining('file: expected a file: POST the operation as multipart/form-data'), extensions: { code: 'BAD_INPUT', field: 'file' } }]);
    const nested = await gateway.ask('mutation ($input: KeepInput!) { keepInput(input: $input) { name } }', { variables: { input: { name: 'x', files: [file ?? ''] } } });
    expect(nested.errors).toMatchObject([{ message: expect.stringContaining('expected a file: POST'), extensions: { code: 'BAD_INPUT' } }]);
  });

  test('a form without files is an operation like others', async () => {
    expect((await send({ query: '{ kept }', variables: {}, map: {} })).errors).toEqual([]);
  });

  test('after all that the gateway still takes files', async () => {
    expect((await send(keep)).data.keep.bytes).toBe(19);
    for (const name of await readdir(files.folder)) await rm(join(files.folder, name));
  });
});
