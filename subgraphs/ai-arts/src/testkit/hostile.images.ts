import { deflateSync, gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { blackPixels, pngChunk, pngHeader, pngOf } from './png.parts.js';

/** A file that is no image to be recognised, and what is wrong with it. */
export type HostileImage = readonly [what: string, bytes: Buffer];

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const SOURCE = { raw: { width: 64, height: 64, channels: 3 } } as const;
const photo = (): Sharp => sharp(Buffer.from({ length: 64 * 64 * 3 } as ArrayLike<number>).map((_, at) => (at * 131) % 251), SOURCE);

/** Files that are refused, whatever they are called; each of them small enough to be sent. */
export async function hostileImages(): Promise<HostileImage[]> {
  return [...elseThanImages(), ...(await otherImages()), ...brokenPngs(), ...(await brokenJpegs()), ...(await brokenGifs()), ...(await brokenWebps()), ...(await polyglots())];
}

function elseThanImages(): HostileImage[] {
  return [
    ['nothing at all', Buffer.alloc(0)],
    ['a single byte', Buffer.from([0xff])],
    ['a text that says it is a picture', ascii('this is a png, trust me')],
    ['zeros', Buffer.alloc(4_096)],
    ['a page', ascii('<!doctype html><script>alert(1)</script>')],
    ['an archive', ascii('PK\x03\x04\x14\0\0\0\x08\0')],
    ['a compressed gigabyte', gzipSync(Buffer.alloc(2 ** 24))],
    ['a program', ascii('\x7fELF\x02\x01\x01')],
    ['a drawing in svg', ascii('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>')],
    ['an svg that wants a file of the host', ascii('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>')],
    ['an svg that becomes a billion letters', ascii('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><svg>&c;</svg>')],
    ['a document in pdf', ascii('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF')],
    ['orders for ImageMagick', ascii("push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/x.jpg\"|id\")'\npop graphic-context")],
  ];
}

async function otherImages(): Promise<HostileImage[]> {
  return [
    ['a tiff', await photo().tiff().toBuffer()],
    ['an avif', await photo().avif({ effort: 0 }).toBuffer()],
    ['a bmp', Buffer.concat([ascii('BM'), Buffer.alloc(60)])],
    ['an icon', Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0])],
    ['a jpeg 2000', Buffer.from([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a])],
    ['a jpeg xl', Buffer.from([0xff, 0x0a, 0xfa, 0x1f, 0x41])],
    ['a portable pixmap', ascii('P6\n2 2\n255\n............')],
    ['an image of libvips', Buffer.concat([Buffer.from([0x08, 0xf2, 0xa6, 0xb6]), Buffer.alloc(60)])],
    ['a drawing of Photoshop', ascii('8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\x08\0\x03')],
  ];
}

function brokenPngs(): HostileImage[] {
  const whole = pngOf(pngHeader(64, 64), blackPixels(64, 64));
  const spoilt = Buffer.from(whole);
  spoilt.writeUInt32BE(0, 29);
  return [
    ['the beginning of a png', whole.subarray(0, 8)],
    ['a png that breaks off', whole.subarray(0, whole.length - 30)],
    ['a png with a wrong checksum', spoilt],
    ['a png without width', pngOf(pngHeader(0, 64), blackPixels(64, 64))],
    ['a png without pixels', pngOf(pngHeader(64, 64))],
    ['a png with too few pixels', pngOf(pngHeader(64, 64), blackPixels(64, 8))],
    ['a png whose pixels are rubbish', pngOf(pngHeader(64, 64), pngChunk('IDAT', Buffer.alloc(500, 0x5a)))],
    ['a png of a depth that there is not', pngOf(pngHeader(64, 64, 13), blackPixels(64, 64))],
    ['a png that says it has four gigapixels', pngOf(pngHeader(65_535, 65_535), blackPixels(64, 64))],
    ['a png with the largest sides', pngOf(pngHeader(0x7fffffff, 0x7fffffff), blackPixels(1, 1))],
    ['a png that unpacks to 400 megapixels', pngOf(pngHeader(20_000, 20_000, 1), blackPixels(20_000, 20_000, 1))],
    ['a png of 1 × 65,500', pngOf(pngHeader(1, 65_500), blackPixels(1, 65_500))],
    ['a png of 65,500 × 1', pngOf(pngHeader(65_500, 1), blackPixels(65_500, 1))],
    ['a png with a palette that it does not have', pngOf(pngHeader(64, 64, 8, 3), blackPixels(64, 64))],
    ['a png with a profile that unpacks to 64 MB', pngOf(pngHeader(64, 64), pngChunk('iCCP', Buffer.concat([ascii('bomb\0\0'), deflateSync(Buffer.alloc(2 ** 26))])), blackPixels(64, 8))],
    ['a png that begins with its pixels', pngOf(blackPixels(64, 64), pngHeader(64, 64))],
  ];
}

async function brokenJpegs(): Promise<HostileImage[]> {
  const whole = await photo().jpeg({ quality: 90 }).toBuffer();
  const frame = whole.indexOf(Buffer.from([0xff, 0xc0]));
  const sized = (height: number, width: number) => {
    const changed = Buffer.from(whole);
    changed.writeUInt16BE(height, frame + 5);
    changed.writeUInt16BE(width, frame + 7);
    return changed;
  };
  const progressive = await photo().jpeg({ progressive: true }).toBuffer();
  const lastScan = progressive.lastIndexOf(Buffer.from([0xff, 0xda]));
  const scan = whole.indexOf(Buffer.from([0xff, 0xda]));
  return [
    ['the beginning of a jpeg', whole.subarray(0, 3)],
    ['a jpeg that breaks off in its header', whole.subarray(0, 100)],
    ['a jpeg that breaks off in its pixels', whole.subarray(0, (scan + whole.length) >> 1)],
    ['a jpeg without height', sized(0, 64)],
    ['a jpeg that says it has four gigapixels', sized(65_500, 65_500)],
    ['a jpeg that is taller than its pixels', sized(6_400, 64)],
    ['a jpeg whose pixels are rubbish', Buffer.concat([whole.subarray(0, scan + 14), Buffer.alloc(2_000, 0xf7), Buffer.from([0xff, 0xd9])])],
    ['a cmyk jpeg that breaks off', (await photo().toColourspace('cmyk').jpeg().toBuffer()).subarray(0, 900)],
    ['a jpeg that is painted a thousand times', Buffer.concat([progressive.subarray(0, lastScan), ...Array.from({ length: 1_000 }, () => progressive.subarray(lastScan, -2)), progressive.subarray(-2)])],
    ['a jpeg with a png in it', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), pngOf(pngHeader(8, 8), blackPixels(8, 8))])],
  ];
}

/** @param frames a single one is as large as the whole, several have a pixel each */
export function gifOf(width: number, height: number, frames: number, pixel = Buffer.from([0x02, 0x02, 0x44, 0x01, 0x00])): Buffer {
  const screen = Buffer.alloc(13);
  screen.write('GIF89a', 'latin1');
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  screen[10] = 0x80;
  const place = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0]);
  if (frames === 1) screen.copy(place, 5, 6, 10);
  const frame = Buffer.concat([place, pixel]);
  return Buffer.concat([screen, Buffer.from([0, 0, 0, 255, 255, 255]), ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
}

async function brokenGifs(): Promise<HostileImage[]> {
  const whole = await photo().gif().toBuffer();
  return [
    ['the beginning of a gif', ascii('GIF89a')],
    ['a gif that breaks off', whole.subarray(0, whole.length >> 1)],
    ['a gif without a frame', gifOf(10, 10, 0)],
    ['a gif that says it has four gigapixels', gifOf(65_535, 65_535, 1)],
    ['a gif of 100,000 frames', gifOf(10, 10, 100_000)],
    ['a gif whose pixels are rubbish', gifOf(10, 10, 1, Buffer.concat([Buffer.from([0x0f, 0xff]), Buffer.alloc(40, 0xff)]))],
  ];
}

/** The form of webp that has frames. */
function animatedWebp(width: number, height: number, frames: number, pixels: Buffer): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  const canvas = Buffer.alloc(10);
  canvas[0] = 0x02;
  canvas.writeUIntLE(width - 1, 4, 3);
  canvas.writeUIntLE(height - 1, 7, 3);
  const frame = chunk('ANMF', Buffer.concat([Buffer.alloc(16), pixels]));
  const body = Buffer.concat([ascii('WEBP'), chunk('VP8X', canvas), chunk('ANIM', Buffer.alloc(6)), ...Array.from({ length: frames }, () => frame)]);
  const head = Buffer.alloc(8);
  head.write('RIFF', 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

async function brokenWebps(): Promise<HostileImage[]> {
  const whole = await photo().webp().toBuffer();
  const lossless = await photo().webp({ lossless: true }).toBuffer();
  const dot = (await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } }).webp({ lossless: true }).toBuffer()).subarray(12);
  return [
    ['the beginning of a webp', whole.subarray(0, 16)],
    ['a webp that breaks off', whole.subarray(0, whole.length >> 1)],
    ['a webp whose pixels are rubbish', Buffer.concat([lossless.subarray(0, 25), Buffer.alloc(lossless.length - 25, 0x5a)])],
    ['a webp of 16,384 × 16,384 without a frame', animatedWebp(16_384, 16_384, 0, dot)],
    ['a webp of 100,000 frames', animatedWebp(1, 1, 100_000, dot)],
    ['a film that begins as a webp does', Buffer.concat([ascii('RIFF\x24\0\0\0AVI '), Buffer.alloc(40)])],
  ];
}

async function polyglots(): Promise<HostileImage[]> {
  const jpeg = await photo().jpeg().toBuffer();
  const zipEnd = Buffer.concat([ascii('PK\x05\x06'), Buffer.alloc(18)]);
  const comment = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), ascii(text)]);
  return [
    ['a jpeg that is an archive as well', Buffer.concat([jpeg, zipEnd])],
    ['a jpeg that is a document as well', Buffer.concat([jpeg.subarray(0, 2), comment('%PDF-1.4 1 0 obj'), jpeg.subarray(2)])],
    ['a jpeg that is a program as well', Buffer.concat([jpeg.subarray(0, 2), comment('<?php system($_GET[0]); ?>'), jpeg.subarray(2)])],
    ['a png that is a page as well', pngOf(pngHeader(8, 8), pngChunk('tEXt', ascii('Comment\0<script>alert(1)</script>')), blackPixels(8, 8))],
    ['a document with an image in it', Buffer.concat([ascii('%PDF-1.4\n'), jpeg])],
  ];
}
