import fc from 'fast-check';
import { utf8 } from '../wire/request.plan.js';

/** One part of a form, its bytes as they are sent. */
export interface FormPart {
  name: string;
  bytes: Buffer;
  filename?: string | undefined;
}

export interface FormBody {
  type: string;
  bytes: Buffer;
}

const BOUNDARY = '----hutong7f3a';
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const escaped = (name: string): string => utf8(name).replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const headOf = ({ name, filename }: FormPart): string =>
  `Content-Disposition: form-data; name="${escaped(name)}"${filename === undefined ? '' : `; filename="${escaped(filename)}"\r\nContent-Type: application/octet-stream`}\r\n\r\n`;

/** A form as browsers send it. */
export const multipart = (parts: readonly FormPart[]): FormBody => ({
  type: `multipart/form-data; boundary=${BOUNDARY}`,
  bytes: Buffer.concat([...parts.flatMap((part) => [latin1(`--${BOUNDARY}\r\n${headOf(part)}`), part.bytes, latin1('\r\n')]), latin1(`--${BOUNDARY}--\r\n`)]),
});

const TYPES = ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""', 'multipart/form-data; boundary=other', `multipart/form-data; boundary=${'b'.repeat(300)}`, 'multipart/form-data; boundary="a b', `multipart/form-data; boundary=${BOUNDARY}; charset=gbk`,
  `multipart/mixed; boundary=${BOUNDARY}`, `multipart/form-data; boundary=${BOUNDARY}; boundary=other`, `MULTIPART/FORM-DATA; BOUNDARY=${BOUNDARY}`, 'multipart/form-data; boundary=\u00ff', 'multipart/form-data;boundary*=utf-8\'\'x', `multipart/form-data; boundary=${BOUNDARY.slice(0, -1)}`];

/** Heads of parts that are none, or odd. */
const PART_HEADS = ['\r\n', 'Content-Disposition: form-data\r\n\r\n', 'Content-Disposition: form-data; name\r\n\r\n', 'Content-Disposition: attachment; name="x"\r\n\r\n', 'Content-Disposition: form-data; name="__proto__"\r\n\r\n', 'Content-Disposition: form-data; name=""; filename=""\r\n\r\n',
  'Content-Disposition: form-data; name="data"; filename="../../etc/passwd"\r\n\r\n', 'Content-Disposition: form-data; name="data"; filename="\u0000"\r\n\r\n', `Content-Disposition: form-data; name="${'n'.repeat(20_000)}"\r\n\r\n`, `X: ${'x'.repeat(100_000)}\r\n\r\n`, 'x: y\r\n'.repeat(3_000), 'no colon\r\n\r\n', 'Content-Disposition: form-data; name="x"',
  'Content-Disposition: form-data; name="x"\r\nContent-Transfer-Encoding: base64\r\n\r\n', 'Content-Disposition: form-data; name="x"\r\nContent-Type: text/plain; charset=gbk\r\n\r\n', 'Content-Disposition: form-data; name="x"\r\nContent-Type: text/plain; charset=nobody\r\n\r\n', 'Content-Disposition: form-data; name="data"; filename*=utf-8\'\'%zz\r\n\r\n', `Content-Disposition: form-data; name="data"; filename="${utf8('北京'.repeat(200))}"\r\n\r\n`];

/** A form in which something is wrong: its type, its boundaries, the heads of its parts, their number, or its end. */
export const brokenMultipart = (parts: fc.Arbitrary<readonly FormPart[]>): fc.Arbitrary<FormBody> =>
  parts.chain((sound) => {
    const { type, bytes } = multipart(sound);
    return fc.oneof(
      fc.constantFrom(...TYPES).map((other): FormBody => ({ type: other, bytes })),
      fc.nat({ max: bytes.length }).map((end): FormBody => ({ type, bytes: bytes.subarray(0, end) })),
      fc.constantFrom(...PART_HEADS).map((head): FormBody => ({ type, bytes: Buffer.concat([latin1(`--${BOUNDARY}\r\n${head}value\r\n`), bytes]) })),
      fc.constantFrom(...PART_HEADS).map((head): FormBody => ({ type, bytes: Buffer.concat([bytes.subarray(0, -4), latin1(`\r\n${head}value\r\n--${BOUNDARY}--`)]) })),
      fc.integer({ min: 2, max: 3_000 }).map((many): FormBody => multipart([...Array.from({ length: many }, (_, n) => ({ name: `k${n}`, bytes: latin1('v') })), ...sound])),
      fc.integer({ min: 2, max: 30 }).map((many): FormBody => multipart([...sound, ...Array.from({ length: many }, (_, n) => ({ name: 'data', filename: `f${n}`, bytes: latin1('x') }))])),
      fc.constant(multipart([{ name: 'data', filename: 'inner', bytes: bytes }])),
      fc.constant({ type, bytes: Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') }),
      fc.constantFrom('', '--', `--${BOUNDARY}`, `--${BOUNDARY}--`, '\r\n', `x\r\n--${BOUNDARY}--\r\nepilogue`).map((only): FormBody => ({ type, bytes: latin1(only) })),
      fc.tuple(fc.nat(), fc.constantFrom('\u0000', '\r', '\n', '\u00ff', '--', '\r\n--')).map(([at, noise]): FormBody => ({ type, bytes: Buffer.concat([bytes.subarray(0, at % bytes.length), latin1(noise), bytes.subarray(at % bytes.length)]) })),
      fc.constant(multipart(sound.filter(({ filename }) => filename === undefined))),
      fc.constant(multipart([...sound, ...sound])),
    );
  });
