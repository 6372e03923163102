import { limitExceeded } from '@hutong/common';
import type { Limits } from './limits.js';

/** Levels of lists and objects: far more than any variable here has. */
const DEEPEST = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Looks at JSON before it is parsed, which takes up to a hundred times as long for many small values, or for many levels, as
 * for the same bytes of text. What is no JSON may pass.
 *
 * @throws LIMIT_EXCEEDED
 */
export function checkJson(json: Uint8Array, { values: allowed }: Pick<Limits, 'values'>): void {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfText(json, at);
    } else if (byte === COMMA) {
      values++;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      values++;
      if (++depth > DEEPEST) throw limitExceeded({ limit: 'nesting of values', allowed: `${DEEPEST} levels` });
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
    }
    if (values > allowed) throw limitExceeded({ limit: 'values', allowed: `${allowed} values in a request` });
  }
}

/** Where the text that begins at a place ends: at its quotation mark, or with the JSON. */
function endOfText(json: Uint8Array, start: number): number {
  let end = json.indexOf(QUOTE, start + 1);
  while (end !== -1 && isEscaped(json, end)) end = json.indexOf(QUOTE, end + 1);
  return end === -1 ? json.length : end;
}

function isEscaped(json: Uint8Array, at: number): boolean {
  let backslashes = 0;
  while (json[at - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
