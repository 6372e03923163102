import type { ImageContent } from './decoder.task.js';
import { ImageBytes } from './image.bytes.js';
import { ImageRefused } from './image.refused.js';

const HEAD_BYTES = 1_024;
const ZIP_END_BYTES = 22;
/** Behind the end of a zip may stand a comment of so many bytes. */
const LONGEST_COMMENT = 0xffff;
const RIFF_HEAD_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;
/** Frames and all else; the decoder's time for them grows with their square. */
const MOST_CHUNKS = 5_000;

const WEBP = 'RIFF....WEBP';
/** How the images begin that are taken here; a byte that may be any is a dot. */
const BEGINNINGS = ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF87a', 'GIF89a', WEBP];

/** What other programs look for at the beginning of a file. */
const ELSE = /%PDF-|<!doctype|<html|<script|<svg|<\?php/i;
const ZIP_END = Buffer.from('PK\x05\x06', 'latin1');

/** Looks at what a file is by its content, whatever its name says, without decoding it. @throws ImageRefused unless it is one kind of image, and nothing else at the same time */
export async function checkType(content: ImageContent, mostBytes: number): Promise<void> {
  await using bytes = await ImageBytes.open(content);
  const { sizeBytes } = bytes;
  if (sizeBytes === 0) throw new ImageRefused('the file is empty');
  if (sizeBytes > mostBytes) throw new ImageRefused(`it has more than ${mostBytes} bytes`);
  const start = (await bytes.read(0, HEAD_BYTES)).toString('latin1');
  const beginning = BEGINNINGS.find((known) => begins(start, known));
  if (beginning === undefined) throw new ImageRefused('its content is none of jpeg, png, webp and gif');
  const tailBytes = Math.min(sizeBytes, ZIP_END_BYTES + LONGEST_COMMENT);
  if (ELSE.test(start) || isZip(await bytes.read(sizeBytes - tailBytes, tailBytes))) throw new ImageRefused('it is an image and something else at the same time');
  if (beginning === WEBP) await checkChunks(bytes);
}

const begins = (start: string, beginning: string): boolean => [...beginning].every((byte, at) => byte === '.' || start[at] === byte);

/** Whether a zip ends where the file does. */
function isZip(tail: Buffer): boolean {
  for (let at = tail.lastIndexOf(ZIP_END); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(ZIP_END, at - 1)) {
    if (at + ZIP_END_BYTES <= tail.length && at + ZIP_END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return true;
  }
  return false;
}

/** @throws ImageRefused for a webp of too many pieces */
async function checkChunks(bytes: ImageBytes): Promise<void> {
  let chunks = 0;
  for (let at = RIFF_HEAD_BYTES; at + CHUNK_HEAD_BYTES <= bytes.sizeBytes; ) {
    if (++chunks > MOST_CHUNKS) throw new ImageRefused(`it has more than ${MOST_CHUNKS} frames`);
    const length = (await bytes.read(at, CHUNK_HEAD_BYTES)).readUInt32LE(4);
    at += CHUNK_HEAD_BYTES + length + (length % 2);
  }
}
