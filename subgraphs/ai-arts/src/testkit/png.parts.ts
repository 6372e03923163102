import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** A chunk of a png, with its checksum. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** What a png says of itself; grey with 8 bits a pixel unless told else. */
export function pngHeader(width: number, height: number, depth = 8, color = 0): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, color], 8);
  return pngChunk('IHDR', data);
}

/** A png of these chunks, with its end. */
export const pngOf = (...chunks: Buffer[]): Buffer => Buffer.concat([SIGNATURE, ...chunks, pngChunk('IEND', Buffer.alloc(0))]);

/** The pixels of a png that is black all over. */
export const blackPixels = (width: number, height: number, depth = 8): Buffer => pngChunk('IDAT', deflateSync(Buffer.alloc((1 + Math.ceil((width * depth) / 8)) * height)));
