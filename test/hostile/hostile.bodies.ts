import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HttpRequest } from '../testkit/http.js';
import { laughs } from './hostile.queries.js';

/** A request to `/graphql` that somebody has published as an attack: not by its operation, but by what is around it. */
export interface HostileBody {
  name: string;
  request: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>;
  status: number;
  /** A part of the message; undefined where Node refuses what does not even reach us. */
  told?: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const SMALL = '{"query":"{ __typename }"}';
const BATCH = 'the body is a batch; send one operation in each request';
const FILTERED = '"query":"query ($f: TaskFilter) { tasks(filter: $f) { nodes { id } } }"';
const BOUNDARY = 'hutong';

const uploading = (selection: string, fragments = ''): string => JSON.stringify({ query: `mutation ($file: Upload!) { uploadImage(input: { serviceId: "1", image: $file }) { ${selection} } } ${fragments}`, variables: { file: null } });
const UPLOAD = uploading('__typename');

const post = (name: string, body: string | Uint8Array, status: number, told: string, headers: Record<string, string> = {}): HostileBody => ({ name, request: { method: 'POST', path: '/graphql', headers: { ...JSON_TYPE, ...headers }, body }, status, told });

const withHash = (sha256Hash: unknown, query?: string, version: unknown = 1): string => JSON.stringify({ ...(query === undefined ? {} : { query }), extensions: { persistedQuery: { version, sha256Hash } } });

const part = (name: string, content: string, more = ''): string => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`;

/** By the GraphQL multipart request specification; the operation would take one file. */
function multipart(name: string, map: string, status: number, told: string, { operations = UPLOAD, files = 1 } = {}): HostileBody {
  const sent = Array.from({ length: files }, (_, at) => part(String(at), 'a file', '; filename="a.txt"')).join('');
  const body = `${part('operations', operations)}${part('map', map)}${sent}--${BOUNDARY}--\r\n`;
  return { name: `an upload with ${name}`, request: { method: 'POST', path: '/graphql', headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, 'apollo-require-preflight': 'true' }, body }, status, told };
}

export const hostileBodies: readonly HostileBody[] = [
  post('a batch of two', `[${SMALL},${SMALL}]`, 400, BATCH),
  post('a batch of ten thousand', `[${Array.from({ length: 10_000 }, () => SMALL).join(',')}]`, 400, BATCH),
  post('a batch of nothing', '[]', 400, BATCH),
  post('variables of nine hundred thousand numbers', `{${FILTERED},"variables":{"f":[${'1,'.repeat(900_000)}1]}}`, 413, 'values: at most 100000 values in a request allowed'),
  post('variables with a hundred thousand names', `{${FILTERED},"variables":{${Array.from({ length: 100_000 }, (_, at) => `"v${at}":1`).join(',')}}}`, 413, 'values: at most 100000 values in a request allowed'),
  post('lists within lists within variables', `{${FILTERED},"variables":{"f":${'['.repeat(900_000)}${']'.repeat(900_000)}}}`, 413, 'nesting of values: at most 100 levels allowed'),
  post('objects within objects within variables', `{${FILTERED},"variables":{"f":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}}`, 413, 'nesting of values: at most 100 levels allowed'),
  post('objects within objects within extensions', `{"query":"{ __typename }","extensions":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, 413, 'nesting of values: at most 100 levels allowed'),
  post('a variable of three megabytes', `{${FILTERED},"variables":{"f":"${'x'.repeat(3_000_000)}"}}`, 413, 'body: at most 2097152 bytes allowed'),
  post('a hundred megabytes in a hundred kilobytes', gzipSync(Buffer.alloc(100_000_000, ' ')), 413, 'body: at most 2097152 bytes allowed', { 'content-encoding': 'gzip' }),
  post('a document of two megabytes', JSON.stringify({ query: `{ ${'a '.repeat(1_000_000)}}` }), 413, 'document length: at most 15000 characters allowed'),
  post('the hash of another document', withHash(createHash('sha256').update('{ __typename }').digest('hex'), '{ me { id } }'), 400, 'extensions.persistedQuery.sha256Hash: expected the SHA-256 of query'),
  post('a hash that is none', withHash('__proto__'), 400, 'expected 64 hexadecimal digits'),
  post('a hash of an object', withHash({ toString: 'x' }), 400, 'expected 64 hexadecimal digits'),
  post('a hash of another version', withHash('0'.repeat(64), undefined, 2), 400, 'extensions.persistedQuery.version: expected 1'),
  post('an operation named __proto__', '{"query":"query A { __typename } query B { __typename }","operationName":"__proto__"}', 200, 'the document has no operation named "__proto__"'),
  post('a number for a query', '{"query":1e308}', 400, 'must be strings'),
  post('an object for an operation name', '{"query":"{ __typename }","operationName":{"toString":1}}', 400, '`operationName` in a POST body must be a string'),
  { name: 'a GET with a long query', request: { path: `/graphql?query=${'a'.repeat(15_000)}`, headers: { 'apollo-require-preflight': 'true' } }, status: 200, told: 'Syntax Error' },
  { name: 'a GET with a query that is too long', request: { path: `/graphql?query=${'a'.repeat(15_500)}`, headers: { 'apollo-require-preflight': 'true' } }, status: 413, told: 'document length: at most 15000 characters allowed' },
  { name: 'a GET with an address of a megabyte', request: { path: `/graphql?query=${'a'.repeat(1_000_000)}`, headers: { 'apollo-require-preflight': 'true' } }, status: 431 },
  multipart('one file at a thousand places', JSON.stringify({ 0: Array.from({ length: 1_000 }, () => 'variables.file') }), 400, 'Invalid object path'),
  multipart('a path through __proto__', '{"0":["variables.__proto__.polluted"]}', 400, 'map'),
  multipart('a path through constructor', '{"0":["constructor.prototype.polluted"]}', 400, 'map'),
  multipart('a path of ten thousand steps', JSON.stringify({ 0: [`variables${'.a'.repeat(10_000)}`] }), 400, 'map'),
  multipart('a path that leads nowhere', '{"0":["variables.nothing.here"]}', 400, 'map'),
  multipart('a billion laughs beside the file', '{"0":["variables.file"]}', 200, 'cost: at most 5000 fields', { operations: uploading('...f0', laughs(70, 'UploadedImage', '__typename')) }),
  multipart('a map that is a text', '"0"', 400, 'map'),
  multipart('a map of __proto__', '{"__proto__":["variables.file"]}', 200, 'credential'),
  multipart('eleven files', JSON.stringify(Object.fromEntries(Array.from({ length: 11 }, (_, at) => [at, [`variables.files.${at}`]]))), 413, '10', { files: 11 }),
  multipart('a batch', '{"0":["0.variables.file"]}', 400, 'batch', { operations: `[${UPLOAD}]` }),
];
