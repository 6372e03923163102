import { answerSize, answerTooLarge } from '@hutong/common';

/**
 * The text of an answer. What is too large by its values alone is not written out at all.
 *
 * @throws LIMIT_EXCEEDED when it has more bytes than allowed
 */
export function answerText(answer: unknown, bytes: number): string {
  if (answerSize(answer, bytes) > bytes) throw answerTooLarge(bytes);
  const text = JSON.stringify(answer);
  if (text.length * LONGEST_CHARACTER > bytes && Buffer.byteLength(text) > bytes) throw answerTooLarge(bytes);
  return text;
}

/** Bytes in UTF-8 of what is one character of a JavaScript text. */
const LONGEST_CHARACTER = 3;
