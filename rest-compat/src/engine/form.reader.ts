import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { readBody } from './body.reader.js';
import { Failure, failure } from './failure.js';
import { multipartFields } from './multipart.fields.js';
import { encodedBytes } from './query.parser.js';

/** The texts of a form by their keys; of a key that was sent several times the first. Without a prototype. */
export type Form = Record<string, string>;

const MOST_FIELDS = 1_000;
const URLENCODED = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/**
 * Reads a urlencoded or multipart form; a missing type is taken for the first. Files are left out. A value that is not valid
 * UTF-8 comes with halves of surrogate pairs, which no valid text has, so that whoever keeps it can refuse it.
 *
 * @throws Failure MEDIA_TYPE_UNSUPPORTED for another type, or a body that is not of its type; BODY_TOO_LARGE for too many
 *   bytes or fields
 * @throws CallerGone
 */
export async function readForm(request: IncomingMessage, limitBytes: number): Promise<Form> {
  const type = request.headers['content-type'] ?? '';
  const kind = type.split(';', 1)[0]!.trim().toLowerCase();
  if (kind !== '' && kind !== URLENCODED && kind !== MULTIPART) throw failure('MEDIA_TYPE_UNSUPPORTED', `Content-Type: expected ${URLENCODED} or ${MULTIPART}`);
  const bytes = await readBody(request, limitBytes);
  const form = Object.create(null) as Form;
  let fields = 0;
  for (const [key, value] of kind === MULTIPART ? multipartTexts(bytes, type) : urlencodedTexts(bytes)) {
    if (++fields > MOST_FIELDS) throw new Failure('BODY_TOO_LARGE', [{ path: [], message: `at most ${MOST_FIELDS} fields are taken here` }]);
    form[key] ??= value;
  }
  return form;
}

function* urlencodedTexts(bytes: Buffer): Iterable<[string, string]> {
  for (const pair of bytes.toString('latin1').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const [key, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    yield [decodedText(encodedBytes(key)), decodedText(encodedBytes(value))];
  }
}

function* multipartTexts(bytes: Buffer, type: string): Iterable<[string, string]> {
  for (const { key, characters, charset } of multipartFields(bytes, type)) yield [decodedText(Buffer.from(key, 'latin1')), decodedText(Buffer.from(characters, 'latin1'), charset)];
}

/** What bytes say; where they are not valid, halves of surrogate pairs stand. */
export function decodedText(bytes: Buffer, charset = 'utf-8'): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return decoderOf(charset).decode(bytes).replaceAll('\uFFFD', '\uD800');
}

/** Some clients say of each value in which charset it is; one that nobody knows is taken for UTF-8. */
function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
