import fc from 'fast-check';
import { oddText } from '../document/value.mutation.js';
import type { FuzzedWorld } from '../fuzzed.world.js';
import { utf8, type Header, type RequestPlan } from '../wire/request.plan.js';

const ROOT = ['/', '/openapi.json', '/openapi/interconnect.json', '/openapi/nobody.json', '/openapi.json?lang=zh', '/docs', '/docs/', '/docs/x', '/metrics', '/healthz', '/readyz', '/playground/', '/playground/x', '/graphql', '/graphql/', '/favicon.ico', '/robots.txt', '/stored-operations', '/peers', '/api', '/api/', '/api/v1', '/ai_arts', '/ai_arts/api', '/cloud_api/x', '/nobody'];
const ROUTES = ['/ai_arts/files', '/ai_arts/uploads', '/ai_arts/notebooks', '/ai_arts/pictures', '/ai_arts/jwks.json', '/ai_arts/annotations', '/ai_arts/api/annotations'];
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What the protocol of resumable uploads sends, and what it should not. */
const TUS: readonly Header[] = [
  ['Tus-Resumable', '1.0.0'], ['Tus-Resumable', '0.2'], ['Tus-Resumable', ''], ['Upload-Length', '10'], ['Upload-Length', '0'], ['Upload-Length', '-1'], ['Upload-Length', 'x'], ['Upload-Length', '99999999999999999999'], ['Upload-Length', '1e3'], ['Upload-Defer-Length', '1'], ['Upload-Defer-Length', '2'],
  ['Upload-Offset', '0'], ['Upload-Offset', '-1'], ['Upload-Offset', 'x'], ['Upload-Offset', '5'], ['Upload-Metadata', 'filename eC50eHQ=,purpose Q09ERQ=='], ['Upload-Metadata', 'filename'], ['Upload-Metadata', ',,,'], ['Upload-Metadata', 'filename !!!'], ['Upload-Metadata', 'a '.repeat(1_000)], ['Upload-Metadata', '__proto__ eA=='], ['Upload-Metadata', 'filename Ly4uLy4uL2V0Yy9wYXNzd2Q=,purpose REFUQVNFVA=='],
  ['Upload-Concat', 'partial'], ['Upload-Concat', 'final;/x /y'], ['Upload-Checksum', 'sha1 x'], ['X-HTTP-Method-Override', 'PATCH'], ['Content-Type', 'application/offset+octet-stream'], ['Content-Type', 'text/plain'],
];
const OTHER: readonly Header[] = [['Range', 'bytes=0-1'], ['Range', 'bytes=-5,3-'], ['Range', 'x'], ['If-Range', '"x"'], ['Cookie', 'hutong_notebook=x'], ['Origin', 'https://evil.example'], ['Accept', 'text/html'], ['Accept-Language', 'zh'], ['Accept-Encoding', 'gzip, br'], ['If-None-Match', '*'], ['Content-Type', 'application/json']];

/** Requests for what is neither the graph nor a row of a contract, good and bad. */
export function publicRequest({ host, credentials, revoked }: FuzzedWorld): fc.Arbitrary<RequestPlan> {
  const segment = fc.oneof(fc.constantFrom('x', '..', '.', '%2e%2e', '%2F', '%00', '%', '%ff', 'a'.repeat(2_000), '00000000-0000-4000-8000-000000000000', '__proto__', 'open', 'api', ''), oddText.map((text) => utf8(text).replaceAll(/[^A-Za-z0-9_.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)));
  const search = fc.constantFrom('', '', '?', '?link=', '?link=x', '?link=%ff', '?link=a.b.c', '?link=a&link=b', '?lang=zh', '?lang=%00', '?name=x', '?token=x');
  const below = fc.tuple(fc.constantFrom(...ROUTES), fc.array(segment, { maxLength: 3 }), search).map(([route, steps, query]) => [route, ...steps].join('/') + query);
  return fc.record({
    method: fc.constantFrom(...METHODS),
    target: fc.oneof({ weight: 1, arbitrary: fc.tuple(fc.constantFrom(...ROOT), search).map(([path, query]) => (path.includes('?') ? path : path + query)) }, { weight: 2, arbitrary: below }),
    credential: fc.constantFrom<readonly Header[]>([], [['token', credentials[0]!]], [['Authorization', `Bearer ${credentials[0]!}`]], [['token', revoked]], [['token', 'x']]),
    headers: fc.array(fc.constantFrom(...TUS, ...OTHER), { maxLength: 5 }),
    body: fc.oneof(fc.constant(undefined), fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)), fc.constant(Buffer.alloc(100_000))),
  }).map(({ method, target, credential, headers, body }) => ({ method, target, headers: [['Host', host], ...credential, ...oncePerName(headers)], body: method === 'GET' || method === 'HEAD' ? undefined : body }));
}

const oncePerName = (headers: readonly Header[]): Header[] => [...new Map(headers.map((header) => [header[0], header])).values()];
