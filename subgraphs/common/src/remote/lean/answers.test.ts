import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokenOff, TooLarge, type ReadAnswer } from '../http-client.js';
import { LARGEST_HEAD_BYTES, NotHttp } from './answer-head.js';
import { AnswerParser } from './answer-parser.js';
import { Cancellation } from '../../timing/cancellation.js';
import { LeanClient } from './lean-client.js';

// What a server may answer, sound, odd or hostile, in whatever pieces it comes.

const LARGEST_BODY = 1_000;
const SHORTLY_MS = 5_000;

interface Sound {
  status?: number;
  body: string;
  /** Whether the connection may be used again. */
  kept: boolean;
}

/** `closes`: the server closes the connection behind the answer. */
type Case = [what: string, bytes: string, expected: Sound | (new (message?: string) => Error) | RegExp, closes?: 'closes'];

const OK = 'HTTP/1.1 200 OK\r\n';
const chunked = (text: string): string => `${OK}Transfer-Encoding: chunked\r\n\r\n${text}`;
const sized = (headers: string, body = 'hello'): string => `${OK}${headers}\r\n\r\n${body}`;

const SOUND: Case[] = [
  ['a length', sized('Content-Length: 5'), { body: 'hello', kept: true }],
  ['a length of 0', sized('Content-Length: 0', ''), { body: '', kept: true }],
  ['a length with white space around it', sized('content-length:\t 5 \t'), { body: 'hello', kept: true }],
  ['headers in any case', sized('CONTENT-LENGTH: 5\r\nX-Any: \x80\xff'), { body: 'hello', kept: true }],
  ['no reason', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello', { body: 'hello', kept: true }],
  ['an error with a body', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nhello', { status: 503, body: 'hello', kept: true }],
  ['an empty line in the body', sized('Content-Length: 9', 'a\r\n\r\nb\r\n\r'), { body: 'a\r\n\r\nb\r\n\r', kept: true }],
  ['chunks', chunked('3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'), { body: 'hello', kept: true }],
  ['no chunk but the last', chunked('0\r\n\r\n'), { body: '', kept: true }],
  ['chunks whose sizes have other digits than 0 to 9', chunked(`1a\r\n${'x'.repeat(26)}\r\n00000000\r\n\r\n`), { body: 'x'.repeat(26), kept: true }],
  ['chunks with extensions', chunked('5;a=b;c="d"\r\nhello\r\n0;last\r\n\r\n'), { body: 'hello', kept: true }],
  ['trailers', chunked('5\r\nhello\r\n0\r\nX-Sum: 7\r\nContent-Length: 90\r\n\r\n'), { body: 'hello', kept: true }],
  ['news before the answer', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n${sized('Content-Length: 5')}`, { body: 'hello', kept: true }],
  ['204 with a length that belongs to nothing', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', { status: 204, body: '', kept: true }],
  ['304 without a body', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', { status: 304, body: '', kept: true }],
  ['Connection: close', sized('Content-Length: 5\r\nConnection: te, Close'), { body: 'hello', kept: false }],
  ['a connection that is kept for too short a time', sized('Content-Length: 5\r\nKeep-Alive: timeout=1, max=100'), { body: 'hello', kept: false }],
  ['a connection that is kept for a while', sized('Content-Length: 5\r\nKeep-Alive: max=100, timeout=60'), { body: 'hello', kept: true }],
  ['HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello', { body: 'hello', kept: false }],
  ['HTTP/1.0 until it is closed', 'HTTP/1.0 200 OK\r\n\r\nhello', { body: 'hello', kept: false }, 'closes'],
  ['HTTP/1.1 until it is closed', `${OK}\r\nhello`, { body: 'hello', kept: false }, 'closes'],
  ['a body that says how it is not encoded', sized('Content-Length: 5\r\nContent-Encoding: identity'), { body: 'hello', kept: true }],
  ['a head just small enough', sized(`Content-Length: 5\r\nX: ${'x'.repeat(LARGEST_HEAD_BYTES - 100)}`), { body: 'hello', kept: true }],
  ['a body just small enough', sized(`Content-Length: ${LARGEST_BODY}`, 'x'.repeat(LARGEST_BODY)), { body: 'x'.repeat(LARGEST_BODY), kept: true }],
  ['bytes behind the end', `${sized('Content-Length: 5')}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`, { body: 'hello', kept: false }],
  ['bytes behind the last chunk', `${chunked('5\r\nhello\r\n0\r\n\r\n')}x`, { body: 'hello', kept: false }],
  ['a body where there is none', 'HTTP/1.1 204 No Content\r\n\r\nhello', { status: 204, body: '', kept: false }],
];

const FAULTY: Case[] = [
  ['a length and chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, NotHttp],
  ['chunks and a length', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, NotHttp],
  ['two lengths', sized('Content-Length: 5\r\nContent-Length: 6'), NotHttp],
  ['the same length twice', sized('Content-Length: 5\r\nContent-Length: 5'), NotHttp],
  ['a list of lengths', sized('Content-Length: 5, 5'), NotHttp],
  ['a length below 0', sized('Content-Length: -5'), NotHttp],
  ['a length with a sign', sized('Content-Length: +5'), NotHttp],
  ['a length in another base', sized('Content-Length: 0x5'), NotHttp],
  ['a length with a space of another kind', sized('Content-Length: \xa05'), NotHttp],
  ['an empty length', sized('Content-Length:'), NotHttp],
  ['a length with very many digits', sized(`Content-Length: ${'9'.repeat(40)}`), NotHttp],
  ['an encoding beside chunks', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, NotHttp],
  ['another encoding than chunks', `${OK}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`, NotHttp],
  ['chunks twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, NotHttp],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', NotHttp],
  ['a compressed body', sized('Content-Length: 5\r\nContent-Encoding: gzip'), NotHttp],
  ['a header over two lines', sized('X-Long: a\r\n b\r\nContent-Length: 5'), NotHttp],
  ['white space before a colon', sized('Content-Length : 5'), NotHttp],
  ['a header without a name', sized(': 5\r\nContent-Length: 5'), NotHttp],
  ['a line without a colon', sized('hello\r\nContent-Length: 5'), NotHttp],
  ['a name that is none', sized('Content(Length: 5\r\nContent-Length: 5'), NotHttp],
  ['a zero byte in a header', sized('X: a\0b\r\nContent-Length: 5'), NotHttp],
  ['a carriage return in a header', sized('X: a\rContent-Length: 6\r\nContent-Length: 5'), NotHttp],
  ['a bare line feed behind a header', sized('X: a\nContent-Length: 5'), NotHttp],
  ['nothing but bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', NotHttp],
  ['an empty line before the answer', `\r\n${sized('Content-Length: 5')}`, NotHttp],
  ['HTTP/2', 'HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello', NotHttp],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello', NotHttp],
  ['HTTP/0.9', '<html>hello</html>', NotHttp],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', NotHttp],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello', NotHttp],
  ['a status that nobody knows', 'HTTP/1.1 700 OK\r\nContent-Length: 5\r\n\r\nhello', NotHttp],
  ['a switch to another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', NotHttp],
  ['news without end', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(20)}${sized('Content-Length: 5')}`, NotHttp],
  ['a head that is too large', sized(`Content-Length: 5\r\nX: ${'x'.repeat(LARGEST_HEAD_BYTES)}`), NotHttp],
  ['too many headers', sized(`${'X: y\r\n'.repeat(200)}Content-Length: 5`), NotHttp],
  ['a length that is too large', sized(`Content-Length: ${LARGEST_BODY + 1}`, ''), TooLarge],
  ['a body that is too large', `${OK}\r\n${'x'.repeat(LARGEST_BODY + 1)}`, TooLarge, 'closes'],
  ['a chunk that is too large', chunked('fffffff\r\n'), TooLarge],
  ['chunks that are too large together', chunked(`${`100\r\n${'x'.repeat(256)}\r\n`.repeat(4)}0\r\n\r\n`), TooLarge],
  ['a size with too many digits', chunked('000000005\r\nhello\r\n0\r\n\r\n'), NotHttp],
  ['a size below 0', chunked('-5\r\nhello\r\n0\r\n\r\n'), NotHttp],
  ['a size in another form', chunked('0x5\r\nhello\r\n0\r\n\r\n'), NotHttp],
  ['no size', chunked('\r\nhello\r\n0\r\n\r\n'), NotHttp],
  ['a chunk longer than its size', chunked('4\r\nhello\r\n0\r\n\r\n'), NotHttp],
  ['a bare line feed behind a size', chunked('5\nhello\r\n0\r\n\r\n'), NotHttp],
  ['a bare line feed behind a chunk', chunked('5\r\nhello\n0\r\n\r\n'), NotHttp],
  ['a zero byte in an extension', chunked('5;a=\0\r\nhello\r\n0\r\n\r\n'), NotHttp],
  ['an extension without end', chunked(`5;${'a'.repeat(5_000)}`), NotHttp],
  ['extensions that are too large together', chunked(`${`1;${'a'.repeat(4_000)}\r\nx\r\n`.repeat(5)}0\r\n\r\n`), NotHttp],
  ['trailers that are no headers', chunked('0\r\nhello\r\n\r\n'), NotHttp],
  ['trailers without end', chunked(`0\r\n${'X: y\r\n'.repeat(3_000)}`), NotHttp],
  ['nothing', '', /closed/, 'closes'],
  ['half of a head', 'HTTP/1.1 200 OK\r\nContent-Len', /closed/, 'closes'],
  ['news and no answer', 'HTTP/1.1 100 Continue\r\n\r\n', /closed/, 'closes'],
  ['half of a body', sized('Content-Length: 6'), BrokenOff, 'closes'],
  ['half of a chunk', chunked('6\r\nhello'), BrokenOff, 'closes'],
  ['no last chunk', chunked('5\r\nhello\r\n'), BrokenOff, 'closes'],
  ['half of the trailers', chunked('0\r\nX: y\r\n'), BrokenOff, 'closes'],
];

type Outcome = { answer: ReadAnswer; kept: boolean } | { error: unknown };

/** What the parser makes of an answer in these pieces, and how many bytes are behind its end. */
function parsed(pieces: readonly string[], closes: boolean): { outcome: Outcome; behind: number } {
  const parser = new AnswerParser(LARGEST_BODY);
  try {
    for (const [index, piece] of pieces.entries()) {
      const bytes = Buffer.from(piece, 'latin1');
      const left = parser.add(bytes);
      // What was given is another's.
      bytes.fill('#');
      if (left === undefined) continue;
      const behind = left + pieces.slice(index + 1).join('').length;
      return { outcome: { answer: parser.answer(), kept: behind === 0 && parser.head!.isKept && (parser.head!.keptSeconds ?? 60) > 2 }, behind };
    }
    if (!closes) throw new Error('it goes on');
    parser.close();
    return { outcome: { answer: parser.answer(), kept: false }, behind: 0 };
  } catch (error) {
    return { outcome: { error }, behind: 0 };
  }
}

const shown = ({ status, body }: ReadAnswer): object => ({ status, body: body.toString('latin1') });

function expectOutcome(outcome: Outcome, expected: Case[2], where: string): void {
  if (typeof expected === 'function') expect('error' in outcome && outcome.error, where).toBeInstanceOf(expected);
  else if (expected instanceof RegExp) expect('error' in outcome && (outcome.error as Error).message, where).toMatch(expected);
  else expect('answer' in outcome ? { ...shown(outcome.answer), kept: outcome.kept } : outcome.error, where).toEqual({ status: 200, ...expected });
}

const seed = Number(process.env.HUTONG_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`answers of HTTP: HUTONG_TEST_SEED=${seed}`);

/** Places to cut a text at, other ones for each text. */
function cutsOf(length: number, count: number): number[] {
  let state = seed ^ length;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % (length + 1);
  }).toSorted((a, b) => a - b);
}

const cut = (text: string, at: readonly number[]): string[] => [0, ...at].map((start, index) => text.slice(start, at[index] ?? text.length));

describe.each<Case>([...SOUND, ...FAULTY])('an answer with %s', (_what, bytes, expected, closes) => {
  test('means the same wherever it is cut', () => {
    const every = bytes.length <= 400 ? Array.from({ length: bytes.length + 1 }, (_, at) => [at]) : [[], cutsOf(bytes.length, 1), cutsOf(bytes.length, 2)];
    for (const at of [...every, cutsOf(bytes.length, 5), cutsOf(bytes.length, 40)]) expectOutcome(parsed(cut(bytes, at), closes === 'closes').outcome, expected, `cut at ${at.join(', ')}`);
    if (bytes.length <= 400) expectOutcome(parsed([...bytes], closes === 'closes').outcome, expected, 'byte by byte');
  });

  test('is told so over a connection, which is used again only if it is sound', async () => {
    const connections = new Set<Socket>();
    // Bytes behind the end come with it: what comes later may meet the next request.
    const end = bytes.length - parsed([bytes], closes === 'closes').behind;
    answering = async (socket, request) => {
      connections.add(socket);
      if (request.startsWith('POST /again ')) return void socket.write(sized('Content-Length: 5', 'again'));
      for (const piece of cut(bytes, cutsOf(bytes.length, 3).filter((at) => at < end))) {
        if (piece !== '' && !socket.destroyed) socket.write(piece, 'latin1');
        await turn();
      }
      if (closes) socket.end();
    };
    const client = new LeanClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1, connectTimeoutMs: SHORTLY_MS, keepAliveMs: SHORTLY_MS, largestAnswerBytes: LARGEST_BODY });
    const ask = (path: string): Promise<ReadAnswer> => client.ask({ kind: { method: 'POST', path, headers: {} }, body: '{}' }, Cancellation.of(AbortSignal.timeout(SHORTLY_MS)));
    const [first] = await Promise.allSettled([ask('/')]);
    expect(shown(await ask('/again'))).toEqual({ status: 200, body: 'again' });
    const kept = connections.size === 1;
    expectOutcome(first.status === 'fulfilled' ? { answer: first.value, kept } : { error: first.reason }, expected, 'over a connection');
    if (first.status === 'rejected') expect(kept).toBe(false);
    await client.close();
  });
});

let server: Server;
let answering: (socket: Socket, request: string) => Promise<void> | void;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    let held = '';
    socket.on('data', (bytes) => {
      held += bytes.toString('latin1');
      if (!held.endsWith('\r\n\r\n{}')) return;
      const request = held;
      held = '';
      void answering(socket, request);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await once(server, 'close');
});
