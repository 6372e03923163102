import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { withHeaders, type RequestPlan } from '../wire/request.plan.js';

/** Types that a body may be said to be of, with charsets of all kinds. */
const TYPES = [undefined, '', ' ', 'application/json', 'APPLICATION/JSON', 'application/json;', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'application/json; charset=gbk', 'application/json; charset=utf-16', 'application/json; charset=utf-7', 'application/json; charset=latin1',
  'application/json; charset=', 'application/json; charset=__proto__', `application/json; charset=${'x'.repeat(3_000)}`, `application/json${'; a=b'.repeat(500)}`, 'application/json; boundary=x', 'application/problem+json', 'application/graphql', 'application/graphql-response+json', 'application/xml', 'application/octet-stream',
  'text/plain', 'text/json', 'text/html; charset=gb2312', 'application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=gbk', 'multipart/form-data', 'multipart/form-data; boundary=x', 'application/x-gzip', 'application/json, text/plain', 'x', '/', ';', '\u00ff', 'application/json\u00a0', 'constructor', 'image/png'];

type Encode = (body: Buffer) => { encoding: string; body: Buffer };

const ENCODINGS: readonly Encode[] = [
  (body) => ({ encoding: 'gzip', body: gzipSync(body) }),
  (body) => ({ encoding: 'x-gzip', body: gzipSync(body) }),
  (body) => ({ encoding: 'GZIP', body: gzipSync(body) }),
  (body) => ({ encoding: 'br', body: brotliCompressSync(body) }),
  (body) => ({ encoding: 'deflate', body: deflateSync(body) }),
  (body) => ({ encoding: 'identity', body }),
];

const LIES: readonly Encode[] = [
  (body) => ({ encoding: 'gzip', body }),
  (body) => ({ encoding: 'br', body }),
  (body) => ({ encoding: 'deflate', body }),
  (body) => ({ encoding: 'deflate', body: deflateRawSync(body) }),
  (body) => ({ encoding: 'br', body: gzipSync(body) }),
  (body) => ({ encoding: 'identity', body: gzipSync(body) }),
  (body) => ({ encoding: 'gzip', body: Buffer.concat([gzipSync(body), Buffer.from('behind the end')]) }),
  (body) => ({ encoding: 'gzip', body: Buffer.concat([gzipSync(body), gzipSync(body)]) }),
  (body) => ({ encoding: 'gzip, gzip', body: gzipSync(gzipSync(body)) }),
  (body) => ({ encoding: 'gzip, br', body: brotliCompressSync(gzipSync(body)) }),
  ...['zstd', 'compress', 'lzma', '', ' ', '*', '__proto__', 'constructor', 'toString', 'aws-chunked', 'gzip;q=1', '\u00ff', 'x'.repeat(2_000)].map((encoding): Encode => (body) => ({ encoding, body })),
];

/** Few bytes that become many: more than any route takes. */
const BOMB = Buffer.alloc(40 * 1024 * 1024, ' ');
const bombs: Encode[] = [];
/** Made when they are first drawn, as it takes a second. */
const bomb = (): readonly Encode[] => {
  if (bombs.length === 0) {
    const [gzip, deflate, brotli] = [gzipSync(BOMB), deflateSync(BOMB), brotliCompressSync(BOMB)];
    bombs.push(() => ({ encoding: 'gzip', body: gzip }), () => ({ encoding: 'deflate', body: deflate }), () => ({ encoding: 'br', body: brotli }), () => ({ encoding: 'gzip', body: gzip.subarray(0, gzip.length / 2) }));
  }
  return bombs;
};

const withEncoding = (plan: RequestPlan, encode: Encode): RequestPlan => {
  const { encoding, body } = encode(plan.body ?? Buffer.alloc(0));
  return { ...withHeaders(plan, { 'content-encoding': encoding }), body };
};

/** The same body, compressed as it says. */
export const encoded = (plan: RequestPlan): fc.Arbitrary<RequestPlan> => fc.constantFrom(...ENCODINGS).map((encode) => withEncoding(plan, encode));

/** The same body under another name: another type or charset, an encoding that it is not in, or that breaks off, or blows up. */
export const misnamed = (plan: RequestPlan): fc.Arbitrary<RequestPlan> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...TYPES).map((type) => withHeaders(plan, { 'content-type': type })) },
    { weight: 3, arbitrary: fc.constantFrom(...LIES).map((lie) => withEncoding(plan, lie)) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...ENCODINGS), fc.nat()).map(([encode, at]) => withEncoding(plan, (body) => truncated(encode(body), at))) },
    { weight: 1, arbitrary: fc.nat({ max: 3 }).map((which) => withEncoding(plan, bomb()[which]!)) },
  );

const truncated = ({ encoding, body }: ReturnType<Encode>, at: number) => ({ encoding, body: body.subarray(0, at % (body.length + 1)) });

const NOISE = [Buffer.from([0xff]), Buffer.from([0xc0, 0xaf]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0]), Buffer.from('\ufeff'), Buffer.from('"'), Buffer.from('\\'), Buffer.from('{'), Buffer.from(']'), Buffer.from(','), Buffer.from('\u2028'), Buffer.from('//x\n'), Buffer.from(' '.repeat(10_000)), Buffer.from('&'), Buffer.from('%'), Buffer.from('=')];

/** A body with bytes in it, or missing, so that it is of no kind any more, or only just. */
export const damaged = (body: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.nat().map((end) => body.subarray(0, end % (body.length + 1))),
    fc.tuple(fc.nat(), fc.constantFrom(...NOISE)).map(([at, noise]) => Buffer.concat([body.subarray(0, at % (body.length + 1)), noise, body.subarray(at % (body.length + 1))])),
    fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]) => (body.length === 0 ? body : Buffer.concat([body.subarray(0, at % body.length), Buffer.from([byte]), body.subarray((at % body.length) + 1)]))),
    fc.constantFrom('utf16le', 'latin1').map((coding) => Buffer.from(body.toString('utf8'), coding as BufferEncoding)),
    fc.constantFrom('', 'null', 'true', '7', '"text"', '[]', '[[]]', '{}', '{', 'NaN', '\ufeff{}', '{}{}', '<xml/>', 'a=b&c=d').map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((noise) => Buffer.from(noise)),
    fc.constant(Buffer.concat([body, body])),
  );
