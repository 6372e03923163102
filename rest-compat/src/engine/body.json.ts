import { isUtf8 } from 'node:buffer';
import { Failure } from './failure.js';
import { shorten } from './field.name.js';
import { findFault, type Fault, type TextRule } from './json.faults.js';

const BYTE_ORDER_MARK = '\uFEFF';
/** Escapes that can make U+0000 or a lone surrogate; raw ones cannot stand in valid UTF-8 and JSON. */
const RISKY_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/;

/**
 * Decodes a JSON body and makes sure that all of it can be kept: valid UTF-8, no U+0000, no lone surrogate, no number
 * beyond the doubles, no nesting deeper than 100.
 *
 * @throws Failure BAD_INPUT that names the field
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw badBody('expected a JSON object, got an empty body');
  if (!isUtf8(bytes)) throw brokenUtf8(bytes);
  let text = bytes.toString('utf8');
  if (text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
  const value = parse(text);
  const fault = findFault(value, RISKY_ESCAPE.test(text) ? storableText : anyText);
  if (fault) throw faulty(fault);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badBody(`not valid JSON: ${shorten((error as Error).message, 120)}`);
  }
}

/**
 * Names the field whose text is broken: JSON's own characters are all ASCII, so the structure can be read with every
 * byte taken for a character, and then each text looked at as bytes again.
 */
function brokenUtf8(bytes: Buffer): Failure {
  try {
    const fault = findFault(JSON.parse(bytes.toString('latin1')), utf8Bytes);
    if (fault) return faulty(fault);
  } catch {
    // The structure is broken as well; then there is no field to name.
  }
  return badBody('not valid UTF-8');
}

const anyText: TextRule = () => undefined;

const storableText: TextRule = (text) => {
  if (text.includes('\0')) return 'U+0000 cannot be stored';
  return text.isWellFormed() ? undefined : 'a lone surrogate is not valid Unicode';
};

const utf8Bytes: TextRule = (text) => (isUtf8(Buffer.from(text, 'latin1')) ? undefined : 'not valid UTF-8');

function faulty(fault: Fault): Failure {
  return new Failure('BAD_INPUT', [fault]);
}

function badBody(message: string): Failure {
  return new Failure('BAD_INPUT', [{ path: [], message }]);
}
