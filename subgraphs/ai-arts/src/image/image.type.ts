import { open } from 'node:fs/promises';
import type { ImageContent } from './decoder.task.js';
import { ImageRefused } from './image.refused.js';

const HEAD_BYTES = 1_024;
const ZIP_END_BYTES = 22;
/** Behind the end of a zip may stand a comment of so many bytes. */
const LONGEST_COMMENT = 0xffff;

/** How the images begin that are taken here; a byte that may be any is a dot. */
const BEGINNINGS = ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF87a', 'GIF89a', 'RIFF....WEBP'];

/** What other programs look for at the beginning of a file. */
const ELSE = /%PDF-|<!doctype|<html|<script|<svg|<\?php/i;
const ZIP_END = Buffer.from('PK\x05\x06', 'latin1');

/** Looks at what a file is by its content, whatever its name says. @throws ImageRefused unless it is one kind of image, and nothing else at the same time */
export async function checkType(content: ImageContent, mostBytes: number): Promise<void> {
  const { sizeBytes, head, tail } = typeof content === 'string' ? await endsOf(content) : endsIn(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  if (sizeBytes === 0) throw new ImageRefused('the file is empty');
  if (sizeBytes > mostBytes) throw new ImageRefused(`it has more than ${mostBytes} bytes`);
  const start = head.toString('latin1');
  if (!BEGINNINGS.some((beginning) => begins(start, beginning))) throw new ImageRefused('its content is none of jpeg, png, webp and gif');
  if (ELSE.test(start) || isZip(tail)) throw new ImageRefused('it is an image and something else at the same time');
}

interface Ends {
  sizeBytes: number;
  head: Buffer;
  tail: Buffer;
}

const endsIn = (bytes: Buffer): Ends => ({ sizeBytes: bytes.length, head: bytes.subarray(0, HEAD_BYTES), tail: bytes.subarray(-(ZIP_END_BYTES + LONGEST_COMMENT)) });

async function endsOf(file: string): Promise<Ends> {
  await using handle = await open(file);
  const { size: sizeBytes } = await handle.stat();
  const piece = async (start: number, length: number) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  };
  const tailBytes = Math.min(sizeBytes, ZIP_END_BYTES + LONGEST_COMMENT);
  return { sizeBytes, head: await piece(0, HEAD_BYTES), tail: await piece(sizeBytes - tailBytes, tailBytes) };
}

const begins = (start: string, beginning: string): boolean => [...beginning].every((byte, at) => byte === '.' || start[at] === byte);

/** Whether a zip ends where the file does. */
function isZip(tail: Buffer): boolean {
  for (let at = tail.lastIndexOf(ZIP_END); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(ZIP_END, at - 1)) {
    if (at + ZIP_END_BYTES <= tail.length && at + ZIP_END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return true;
  }
  return false;
}
