import fc from 'fast-check';
import type { Framed } from './framing.arbitrary.js';
import { byLength } from './framing.arbitrary.js';
import { headOf, utf8, type Header, type RequestPlan } from './request.plan.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'QUERY', 'M-SEARCH', 'get', 'FOO', 'G', '', 'GET ', 'GET\t', 'PRI', 'SOURCE', 'X'.repeat(100)];
const VERSIONS = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/3', 'http/1.1', 'HTTP/1.1 ', 'HTTP/11', 'HTTP/1.', 'ICY', 'RTSP/1.0', ''];

/** What odd targets begin or end with; the path that was meant stands between them. */
const BEFORE = ['http://other.example', 'https://other.example:8', 'HTTP://127.0.0.1', '//other.example', '/', '//', '/./', '/../', '/%2e%2e', '/%2f', '?', '#', '*', ' ', 'http://', 'file://', 'x:', '\\', '/\\', utf8('/北京'), '\u0001', '[', '%'];
const AFTER = ['/', '//', '/.', '/..', '/../..', '%00', '%2e%2e%2f', '%', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%2F', ';a=b', '#x', '?', '??', '?=', '?&', '?&&=&', '?a[b]=1', '?__proto__=1', '?constructor[prototype]=1', '\\', utf8('?x=北京'), '\u00ff', '\u0000', '\u007f', ' x', '/x'.repeat(300), `?${'a=1&'.repeat(2_000)}`, 'x'.repeat(9_000), 'x'.repeat(17_000)];

/** Header lines that are odd, and yet may be sent. */
const ODD_HEADERS: readonly Header[] = [
  ['Origin', 'https://evil.example'], ['Origin', 'null'], ['Origin', 'x'], ['Origin', ''], ['Sec-Fetch-Site', 'cross-site'], ['Sec-Fetch-Site', 'same-site'], ['Sec-Fetch-Site', '?'],
  ['Accept', 'text/event-stream'], ['Accept', 'text/html'], ['Accept', '*/*;q=x'], ['Accept', ',;,'], ['Accept', 'x'.repeat(5_000)], ['Accept-Language', 'zh-CN,zh;q=0.9'], ['Accept-Language', ';;'], ['Accept-Encoding', 'br, gzip'],
  ['X-Request-Id', 'my-id'], ['X-Request-Id', 'a b'], ['X-Request-Id', 'x'.repeat(500)], ['X-Request-Id', '\u00e9'], ['X-Forwarded-For', '1.2.3.4'], ['X-Forwarded-For', "';--"], ['Forwarded', 'for=_hidden'], ['Via', '1.1 x'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'], ['traceparent', 'x'], ['tracestate', '='], ['Cookie', 'a=b; token=x'], ['Cookie', '__proto__=1;;;='], ['Range', 'bytes=0-'], ['Range', 'bytes=9-1,x'], ['If-None-Match', '*'],
  ['If-Modified-Since', 'yesterday'], ['Connection', 'close, x-request-id'], ['Connection', 'token'], ['Connection', 'Keep-Alive'], ['Keep-Alive', 'timeout=0'], ['TE', 'trailers'], ['Trailer', 'x'], ['Max-Forwards', '0'],
  ['Expect', '200-ok'], ['X-HTTP-Method-Override', 'DELETE'], ['__proto__', 'x'], ['constructor', 'x'], ['hutong-caller', 'admin'], ['hutong-subgraph', 'x'], ['Content-Length ', '0'], ['CSRFPreventionToken', 'x'], ['CSRFPreventionToken', ''],
  ['token', ''], ['token', 'other'], ['Authorization', 'Basic YTpi'], ['Authorization', 'Bearer'], ['Authorization', 'Bearer  '], ['X-Auth-Token', '\u00ff'], ['X-Auth-Token', 'x'.repeat(4_000)], ['Content-Type', ''], ['Date', ''],
];

/** Lines that are no header. */
const NO_HEADERS = ['no colon', ': no name', 'a b: c', 'a\u0000b: c', 'a: \u0000', 'a: b\rc: d', ' folded: x', '\tfolded', 'a : b', 'a\u00e9: b', '(x): y', 'a: \u0001', 'a: \u007f', '=', 'GET / HTTP/1.1', 'Host: second.example', 'Host:', 'host: a, b'];

const line = ([name, value]: Header): string => `${name}: ${value}\r\n`;

/** Adds lines behind the request line of what was framed; its outcome is open then. */
function insert({ parts: [first = Buffer.alloc(0), ...rest] }: Framed, lines: string): Framed {
  const text = first.toString('latin1');
  return { outcome: 'open', parts: [Buffer.from(text.replace('\r\n', () => `\r\n${lines}`), 'latin1'), ...rest] };
}

function replaced(plan: RequestPlan, change: Partial<RequestPlan>): Framed {
  const { method, target } = { ...plan, ...change };
  return { ...byLength({ ...plan, ...change }), outcome: 'open', method, target };
}

/** A request whose head is odd, or no HTTP at all. */
export function oddHead(plan: RequestPlan): fc.Arbitrary<Framed> {
  const usual = byLength(plan);
  return fc.oneof(
    fc.constantFrom(...METHODS).map((method) => replaced(plan, { method })),
    fc.constantFrom(...BEFORE).map((before) => replaced(plan, { target: before + plan.target })),
    fc.constantFrom(...BEFORE, '').map((target) => replaced(plan, { target })),
    fc.constantFrom(...AFTER).map((after) => replaced(plan, { target: plan.target + after })),
    fc.tuple(fc.nat(), fc.constantFrom(...AFTER)).map(([at, text]) => replaced(plan, { target: plan.target.slice(0, at % (plan.target.length + 1)) + text + plan.target.slice(at % (plan.target.length + 1)) })),
    fc.constantFrom(...VERSIONS).map((version): Framed => ({ outcome: 'open', parts: [Buffer.concat([headOf(plan, version), plan.body ?? Buffer.alloc(0)])] })),
    { weight: 4, arbitrary: fc.array(fc.constantFrom(...ODD_HEADERS), { minLength: 1, maxLength: 4 }).map((headers) => insert(usual, headers.map(line).join(''))) },
    { weight: 2, arbitrary: fc.constantFrom(...NO_HEADERS).map((bad) => insert(usual, `${bad}\r\n`)) },
    fc.constantFrom('x\r\n y', 'x\r\n\ty\r\n z', '\r\n x').map((folded) => insert(usual, `X-Folded: ${folded}\r\n`)),
    fc.integer({ min: 1_000, max: 40_000 }).map((long) => insert(usual, `X-Long: ${'x'.repeat(long)}\r\n`)),
    fc.integer({ min: 100, max: 5_000 }).map((many) => insert(usual, 'a: b\r\n'.repeat(many))),
    fc.integer({ min: 10, max: 60_000 }).map((long) => insert(usual, `${'n'.repeat(long)}: x\r\n`)),
    fc.constant(undefined).map((): Framed => replaced(plan, { headers: plan.headers.filter(([name]) => name.toLowerCase() !== 'host') })),
    fc.constantFrom('', ' ', 'a b', 'x'.repeat(3_000), '[::1', 'user@x', 'evil.example:99999', '北', '/').map((host) => replaced(plan, { headers: [...plan.headers.filter(([name]) => name.toLowerCase() !== 'host'), ['Host', utf8(host)]] })),
    fc.constant(undefined).map((): Framed => ({ outcome: 'open', parts: [Buffer.from(usual.parts[0]!.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')] })),
    fc.constantFrom('\r\n', '\r\n\r\n\r\n', '\n', ' ', '\u0000', '\u0016\u0003\u0001\u0002\u0000', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n').map((before): Framed => ({ outcome: 'open', parts: [Buffer.from(before, 'latin1'), ...usual.parts] })),
    fc.uint8Array({ maxLength: 300 }).map((noise): Framed => ({ outcome: 'open', parts: [Buffer.from(noise)] })),
    fc.constantFrom('websocket', 'h2c', 'h2c, websocket', 'TLS/1.0', 'x', '').chain((protocol) =>
      fc.constantFrom('Upgrade', 'upgrade, HTTP2-Settings', 'close', 'Keep-Alive, Upgrade').map((connection) => insert(usual, `Connection: ${connection}\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n${protocol === 'websocket' ? 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' : ''}`))),
  );
}
