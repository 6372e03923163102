import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gifOf, hostileImages } from '../testkit/hostile.images.js';
import { classifierCard } from '../testkit/model.cards.js';
import { decoderProcesses } from '../testkit/decoder.processes.js';
import { ImageDecoder } from './image.decoder.js';
import type { InputForm } from './model.input.js';

const MEGA = 1_000_000;
const LIMITS = { bytes: 100 * MEGA, pixels: 100 * MEGA };
const SLOW_MS = 300_000;
const patient = AbortSignal.timeout(600_000);

describe('images', () => {
  const decoder = new ImageDecoder({ processes: 2, ...LIMITS });
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hutong-images-'));
  });
  afterAll(async () => {
    await decoder.close();
    await rm(folder, { recursive: true });
  });

  /** The levels that a model of 4 × 2 pixels gets to see, 0 to 255. */
  const seen = async (content: Uint8Array | string, more: Partial<InputForm> = {}) => {
    const card = classifierCard([1, 3, 2, 4], { scale: 1, ...more });
    const { tensor, width, height } = await decoder.decode({ name: 'a photo', content }, card, patient);
    return { levels: Array.from(tensor.data as Float32Array), width, height };
  };
  /** Two rows of four pixels: red, green, blue and white above, black below. */
  const ROWS = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, ...Array<number>(12).fill(0)]);
  const rows = (): Sharp => sharp(ROWS, { raw: { width: 4, height: 2, channels: 3 } });
  const PLANES = [255, 0, 0, 255, 0, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0];

  it('are seen pixel by pixel when nothing of them is lost', async () => {
    for (const lossless of [rows().png(), rows().webp({ lossless: true }), rows().gif(), rows().png({ palette: true }), rows().toColourspace('rgb16').png(), rows().png({ progressive: true })]) {
      expect(await seen(await lossless.toBuffer())).toEqual({ levels: PLANES, width: 4, height: 2 });
    }
  });

  it('are the same from a file as from memory, and by their content, not their name', async () => {
    const file = path.join(folder, 'photo.txt');
    await writeFile(file, await rows().png().toBuffer());
    expect(await seen(file)).toEqual({ levels: PLANES, width: 4, height: 2 });
  });

  it('are turned as their EXIF data says', async () => {
    const turned = await rows().rotate(90).png().withMetadata({ orientation: 8 }).toBuffer();
    expect(await seen(turned)).toEqual({ levels: PLANES, width: 4, height: 2 });
    const mirrored = await rows().flop().png().withMetadata({ orientation: 2 }).toBuffer();
    expect((await seen(mirrored)).levels).toEqual(PLANES);
  });

  it('are white where they are transparent', async () => {
    const clear = await sharp({ create: { width: 4, height: 2, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer();
    const clearGrey = await sharp(new Uint8Array(16), { raw: { width: 4, height: 2, channels: 2 } }).png().toBuffer();
    for (const content of [clear, clearGrey]) expect((await seen(content)).levels).toEqual(Array(24).fill(255));
  });

  it('have their colours in any model of colour, and grey ones become colour and colour grey', async () => {
    const green = sharp({ create: { width: 40, height: 20, channels: 3, background: { r: 20, g: 160, b: 60 } } });
    const mean = (levels: number[], plane: number) => levels.slice(plane * 8, plane * 8 + 8).reduce((a, b) => a + b, 0) / 8;
    for (const content of [await green.clone().jpeg().toBuffer(), await green.clone().toColourspace('cmyk').jpeg().toBuffer(), await green.clone().withIccProfile('p3').jpeg().toBuffer()]) {
      const { levels } = await seen(content);
      for (const [plane, level] of [20, 160, 60].entries()) expect(Math.abs(mean(levels, plane) - level)).toBeLessThan(25);
    }
    const grey = await sharp(Uint8Array.from([0, 50, 100, 150, 200, 250, 3, 7]), { raw: { width: 4, height: 2, channels: 1 } }).png().toBuffer();
    expect((await seen(grey)).levels).toEqual(Array.from({ length: 3 }, () => [0, 50, 100, 150, 200, 250, 3, 7]).flat());
    const { tensor } = await decoder.decode({ name: 'grey', content: grey }, classifierCard([1, 1, 2, 4], { scale: 1 }), patient);
    expect(Array.from(tensor.data as Float32Array)).toEqual([0, 50, 100, 150, 200, 250, 3, 7]);
  });

  it('of several frames are seen as their first one', async () => {
    const frames = await sharp([await rows().png().toBuffer(), await rows().negate().png().toBuffer()], { join: { animated: true } }).gif().toBuffer();
    expect(await seen(frames)).toEqual({ levels: PLANES, width: 4, height: 2 });
  });

  it('may have 60 megapixels', { timeout: SLOW_MS }, async () => {
    const content = await sharp({ create: { width: 10_000, height: 6_000, channels: 3, background: 'red' } }).png({ compressionLevel: 1 }).toBuffer();
    expect(await seen(content)).toMatchObject({ width: 10_000, height: 6_000, levels: [...Array<number>(8).fill(255), ...Array<number>(16).fill(0)] });
  });

  it('are refused beyond the limits, which are settings', async () => {
    const small = new ImageDecoder({ processes: 1, bytes: 1_000, pixels: 100 });
    try {
      const card = classifierCard([1, 784]);
      const tooMany = await sharp({ create: { width: 11, height: 10, channels: 3, background: 'red' } }).png().toBuffer();
      await expect(small.decode({ name: 'wide', content: tooMany }, card, patient)).rejects.toMatchObject({ code: 'FILE_TYPE_REFUSED', message: '"wide": it has more than 100 pixels' });
      await expect(small.decode({ name: 'long', content: Buffer.concat([await rows().png().toBuffer(), Buffer.alloc(1_000)]) }, card, patient)).rejects.toMatchObject({ code: 'FILE_TYPE_REFUSED', message: '"long": it has more than 1000 bytes' });
    } finally {
      await small.close();
    }
  });

  it('that are none are all refused by the same code, in memory and as files, and harm nobody', { timeout: SLOW_MS }, async () => {
    const card = classifierCard([1, 784]);
    const hostile = await hostileImages();
    expect(hostile.length).toBeGreaterThan(30);
    for (const [what, content] of hostile) {
      const file = path.join(folder, 'hostile.png');
      await writeFile(file, content);
      for (const given of [content, file]) {
        const refused = await decoder.decode({ name: 'photo.jpg', content: given }, card, patient).then(() => 'taken', (error: Error & { code: string }) => error);
        expect(refused, what).toMatchObject({ code: 'FILE_TYPE_REFUSED', message: expect.stringMatching(/^"photo\.jpg": (?!.*(?:vips|\/tmp)).+/i) });
      }
      await expect(decoder.draw({ name: 'photo.jpg', content }, { boxes: [] }, patient), what).rejects.toMatchObject({ code: 'FILE_TYPE_REFUSED' });
    }
    expect((await seen(await rows().png().toBuffer())).levels).toEqual(PLANES);
  });

  it('are decoded by the next process when one is killed', async () => {
    const content = await rows().png().toBuffer();
    const own = new ImageDecoder({ processes: 1, ...LIMITS });
    try {
      const card = classifierCard([1, 3, 2, 4]);
      await own.decode({ name: 'first', content }, card, patient);
      for (const pid of await decoderProcesses()) process.kill(pid, 'SIGKILL');
      await expect(own.decode({ name: 'second', content }, card, patient)).resolves.toMatchObject({ width: 4, height: 2 });
    } finally {
      await own.close();
    }
    expect(await seen(content)).toMatchObject({ levels: PLANES });
  });

  it('of many callers are decoded as there are processes, and whoever goes away leaves the others alone', async () => {
    const content = await rows().png().toBuffer();
    const gone = new AbortController();
    const leaving = Array.from({ length: 20 }, () => decoder.decode({ name: 'gone', content }, classifierCard([1, 3, 2, 4]), gone.signal));
    const staying = Array.from({ length: 50 }, () => seen(content));
    gone.abort(new Error('nobody waits'));
    const left = await Promise.allSettled(leaving);
    expect(left.every((one) => one.status === 'rejected' && (one.reason as Error).message === 'nobody waits')).toBe(true);
    for (const { levels } of await Promise.all(staying)) expect(levels).toEqual(PLANES);
  });

  it('leave no process behind', async () => {
    const own = new ImageDecoder({ processes: 2, ...LIMITS });
    const before = await decoderProcesses();
    await own.decode({ name: 'one', content: gifOf(4, 2, 1) }, classifierCard([1, 784]), patient).catch(() => undefined);
    const [added] = (await decoderProcesses()).filter((pid) => !before.includes(pid));
    expect(added).toBeDefined();
    const underWay = own.decode({ name: 'two', content: gifOf(4, 2, 1) }, classifierCard([1, 784]), patient);
    await Promise.all([own.close(), expect(underWay).rejects.toThrow('decoder')]);
    expect(await decoderProcesses()).not.toContain(added);
    await expect(own.decode({ name: 'three', content: gifOf(4, 2, 1) }, classifierCard([1, 784]), patient)).rejects.toThrow('closed');
  });
});
