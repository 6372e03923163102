const NEWLINE = 0x0a;
const LONGEST_CHARACTER = 4;

/** How many bytes of these are whole characters of UTF-8: what was cut off in the middle of one stays for later. */
export function wholeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(LONGEST_CHARACTER, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Where the first so many lines end; all of it when there are fewer. */
export function endOfLines(bytes: Uint8Array, lines: number): number {
  let end = 0;
  for (let line = 0; line < lines; line++) {
    const newline = bytes.indexOf(NEWLINE, end);
    if (newline < 0) return bytes.length;
    end = newline + 1;
  }
  return end;
}

/** Where the last so many lines begin; 0 when there are not more. What follows the last newline is a line. */
export function startOfLines(bytes: Uint8Array, lines: number): number {
  let start = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length;
  for (let line = 0; line < lines; line++) {
    if (start <= 0) return 0;
    start = bytes.lastIndexOf(NEWLINE, start - 1);
    if (start < 0) return 0;
  }
  return start + 1;
}

/** Bytes as text; what is no UTF-8 becomes U+FFFD. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
