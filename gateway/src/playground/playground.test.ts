import { readdir, readFile } from 'node:fs/promises';
import { Supergraph } from '@apollo/federation-internals';
import { parse, separateOperations, validate, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGatewaySettings } from '../environment.js';
import { checkLength, checkSize } from '../limits/operation.check.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { examplesFolder, exampleText } from './examples.js';

let gateway: TestGateway;
let supergraph: string;
beforeAll(async () => {
  gateway = await testGateway();
  supergraph = await readFile(new URL('../../../schema/supergraph.graphql', import.meta.url), 'utf8');
});
afterAll(() => gateway.stop());

const graph = (): GraphQLSchema => Supergraph.build(supergraph).apiSchema().toGraphQLJSSchema();

test('every example fits the graph, has a name of its own, and is within the limits', async () => {
  const schema = graph();
  const { limits } = readGatewaySettings({});
  const text = await exampleText();
  // The editor sends all of its text with each of the operations.
  checkLength(text, limits);
  const document = parse(text, { maxTokens: limits.tokens });
  expect(validate(schema, document).map(({ message }) => message)).toEqual([]);
  expect(Object.keys(separateOperations(document))).not.toContain('');
  checkSize(document, limits);
});

test('every subgraph has examples', async () => {
  const subgraphs = [...supergraph.matchAll(/@join__graph\(name: "([^"]+)"/g)].map(([, name]) => name);
  const files = await readdir(examplesFolder);
  expect(subgraphs.length).toBeGreaterThan(0);
  expect(new Set(files.map((file) => file.replace(/^\d-(.*)\.graphql$/, '$1')))).toEqual(new Set(subgraphs));
});

test('the page asks its own origin only, and says so to the browser', async () => {
  const { status, headers, text } = await gateway.request('/');
  const policy = headers.get('content-security-policy')!;
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  expect(status).toBe(200);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:/);
  expect(text.match(/<script/g)!.length).toBe(text.split(`<script nonce="${nonce}"`).length - 1);
  expect(text.match(/(?:src|href)="(?!\/playground\/|data:)[^"]*"/g)).toBeNull();
  expect(text).not.toMatch(/(?:import|from|URL\() ?["']https?:/);
  expect(text).toContain('mutation LogIn');
  expect(headers.get('x-frame-options')).toBe('DENY');
});

test('two pages have different nonces', async () => {
  const policies = await Promise.all([gateway.request('/'), gateway.request('/')]);
  expect(new Set(policies.map(({ headers }) => headers.get('content-security-policy'))).size).toBe(2);
});

test('the files of the page are served with their types, and again only when they changed', async () => {
  const { status, headers } = await gateway.request('/playground/ruru.js');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
  expect((await gateway.request('/playground/ruru.js', { headers: { 'if-none-match': headers.get('etag')! } })).status).toBe(304);
  expect((await gateway.request('/playground/nothing.js')).status).toBe(404);
});
