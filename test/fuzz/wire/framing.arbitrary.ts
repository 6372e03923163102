import fc from 'fast-check';
import { headOf, withHeaders, type RequestPlan } from './request.plan.js';

/** A request as bytes. */
export interface Framed {
  /** Where they are others than were meant. */
  method?: string;
  target?: string;
  parts: readonly Buffer[];
  /**
   * `whole`: HTTP as it should be, so that it has one answer. `broken`: the server has to refuse it, or to close. `open`: what
   * the server takes it for is its own affair, as long as it answers or closes when the sender has ended.
   */
  outcome: 'whole' | 'broken' | 'open';
}

const EMPTY = Buffer.alloc(0);
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const framed = (outcome: Framed['outcome'], plan: RequestPlan, headers: Record<string, string | undefined>, ...body: Buffer[]): Framed => ({ outcome, parts: [Buffer.concat([headOf(withHeaders(plan, headers)), ...body])] });

/** As most clients send it. */
export function byLength(plan: RequestPlan): Framed {
  return plan.body === undefined ? framed('whole', plan, {}) : framed('whole', plan, { 'content-length': String(plan.body.length) }, plan.body);
}

/** Where a body is cut into chunks, and what stands beside their sizes. */
const chunking = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 8 }),
  extension: fc.constantFrom('', ';a', ';a=b', ';a="b c"', `;${'x'.repeat(500)}`),
  padding: fc.constantFrom('', '0', '000'),
  trailers: fc.constantFrom('', 'x-after: 1\r\n', 'host: other\r\nauthorization: Bearer x\r\n'),
});
type Chunking = typeof chunking extends fc.Arbitrary<infer Value> ? Value : never;

function chunks(body: Buffer, { sizes, extension, padding }: Chunking): Buffer[] {
  const cut: Buffer[] = [];
  let rest = body;
  for (const size of [...sizes, body.length]) {
    const chunk = rest.subarray(0, size);
    if (chunk.length > 0) cut.push(latin1(`${padding}${chunk.length.toString(16)}${extension}\r\n`), chunk, latin1('\r\n'));
    rest = rest.subarray(chunk.length);
  }
  return cut;
}

const CHUNKED = { 'transfer-encoding': 'chunked' };

/** In chunks, as programs send what they do not know the length of. */
const inChunks = (plan: RequestPlan): fc.Arbitrary<Framed> =>
  chunking.map((how) => framed('whole', plan, CHUNKED, ...chunks(plan.body ?? EMPTY, how), latin1(`0\r\n${how.trailers}\r\n`)));

/** Framed as it should be, one way or another. */
export const wellFramed = (plan: RequestPlan): fc.Arbitrary<Framed> =>
  plan.body === undefined ? fc.constant(byLength(plan)) : fc.oneof({ weight: 3, arbitrary: fc.constant(byLength(plan)) }, { weight: 1, arbitrary: inChunks(plan) });

/** Values of Content-Length that are none. */
const NO_LENGTHS = ['-1', '+5', '0x5', '5 5', '5, 5', '5,6', 'x', '1e3', '18446744073709551616', '99999999999999999999999', '5;6', '５'];
/** Sizes of chunks that are none. */
const NO_SIZES = ['zz', '-1', '', ' ', 'FFFFFFFFFFFFFFFFF', '1 1', '0x5', '\u0000'];
/** Codings that are not chunked alone. */
const CODINGS = ['identity', 'gzip', 'gzip, chunked', 'chunked, identity', 'xchunked', 'chunked, chunked', 'CHUNKED', '"chunked"', 'chunked;q=1', ' ', '\u000bchunked', 'chunked, '];

/** With a length, or chunks, that are not those of the body. */
export function badlyFramed(plan: RequestPlan): fc.Arbitrary<Framed> {
  const body = plan.body ?? EMPTY;
  const length = (value: string | undefined, outcome: Framed['outcome']): Framed => framed(outcome, plan, { 'content-length': value }, body);
  const size = String(body.length);
  return fc.oneof(
    fc.constantFrom(...NO_LENGTHS).map((value) => length(Buffer.from(value).toString('latin1'), 'broken')),
    fc.constantFrom('', '00', ` ${size} `, `0${size}`, undefined).map((value) => length(value, 'open')),
    fc.integer({ min: 0, max: body.length }).map((shorter) => length(String(shorter), 'open')),
    fc.integer({ min: 1, max: 2_000_000_000 }).map((more) => length(String(body.length + more), 'open')),
    fc.constantFrom(size, String(body.length + 1), '0').map((second) => framed('broken', { ...plan, headers: [...plan.headers, ['Content-Length', second]] }, {}, EMPTY)).map((twice) => ({
      ...twice,
      parts: [Buffer.concat([latin1(twice.parts[0]!.toString('latin1').replace('\r\n', `\r\nContent-Length: ${size}\r\n`)), body])],
    })),
    fc.constantFrom(...CODINGS).map((coding) => framed('open', plan, { 'transfer-encoding': coding }, latin1(`${size}\r\n`), body, latin1('\r\n0\r\n\r\n'))),
    chunking.map((how) => framed('broken', plan, { ...CHUNKED, 'content-length': size }, ...chunks(body, how), latin1('0\r\n\r\n'))),
    fc.constantFrom(...NO_SIZES).map((bad) => framed('open', plan, CHUNKED, latin1(`${bad}\r\n`), body, latin1('\r\n0\r\n\r\n'))),
    fc.tuple(chunking, fc.constantFrom('', '0', '0\r\n', '5\r\nab', 'A', '0\r\ncontent-length: 7\r\n\r\n', '0\r\ntransfer-encoding: chunked\r\n\r\n')).map(([how, end]) => framed('open', plan, CHUNKED, ...chunks(body, how), latin1(end))),
    chunking.map((how) => framed('open', plan, CHUNKED, ...chunks(body, how).map((part) => latin1(part.toString('latin1').replaceAll('\r\n', '\n'))), latin1('0\n\n'))),
    fc.integer({ min: 20_000, max: 200_000 }).map((long) => framed('open', plan, CHUNKED, latin1(`1;${'x'.repeat(long)}\r\nx\r\n0\r\n\r\n`))),
    fc.integer({ min: 20_000, max: 100_000 }).map((long) => framed('open', plan, CHUNKED, latin1(`0\r\n${'t: x\r\n'.repeat(long / 6)}\r\n`))),
  );
}

/** The first bytes of a request, as of a sender who goes away in the midst of it. */
export const cutOff = (plan: RequestPlan): fc.Arbitrary<Framed> =>
  fc.nat().map((at) => {
    const whole = Buffer.concat(byLength(plan).parts);
    return { outcome: 'open', parts: [whole.subarray(0, at % whole.length)] };
  });
