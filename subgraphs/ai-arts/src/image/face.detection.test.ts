import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import type { Tensor } from '../drivers/runtime/runtime.js';
import { FACE_DETECTOR, FACE_DOCUMENT, FACES, FACES_PHOTO } from '../testkit/face.detector.js';
import { intersectionOverUnion } from './box.suppression.js';
import { ImageDecoder } from './image.decoder.js';
import { modelCard } from './model.card.js';
import { recognitionOf, type Recognition } from './recognition.js';

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const patient = AbortSignal.timeout(300_000);
const decoder = new ImageDecoder({ processes: 1, bytes: 1e8, pixels: 1e8 });
const session = await InferenceSession.create(FACE_DETECTOR, { logSeverityLevel: 3 });
const told = (values: typeof session.inputMetadata) => values.flatMap((value) => (value.isTensor ? [{ name: value.name, datatype: 'FP32', shape: value.shape.map((size) => (typeof size === 'number' ? size : -1)) }] : []));
const card = modelCard({ name: 'faces', platform: 'onnx', inputs: told(session.inputMetadata), outputs: told(session.outputMetadata) }, FACE_DOCUMENT);
afterAll(() => decoder.close());

async function facesIn(content: Uint8Array | string): Promise<Recognition> {
  const { tensor, ...size } = await decoder.decode({ name: 'photo', content }, card, patient);
  const answer = await session.run({ [tensor.name]: new OnnxTensor('float32', tensor.data as Float32Array, tensor.shape) });
  const outputs = Object.entries(answer).map(([name, { dims, data }]): Tensor => ({ name, datatype: 'FP32', shape: dims, data: data as Float32Array }));
  return recognitionOf(outputs, card, { top: 20 }, size);
}

const corners = ({ x, y, width, height }: Rectangle) => ({ left: x, top: y, right: x + width, bottom: y + height });
const scaled = ({ x, y, width, height }: Rectangle, by: number): Rectangle => ({ x: x * by, y: y * by, width: width * by, height: height * by });

/** Each face has one box on it, and no box is elsewhere. */
function expectFaces({ boxes }: Recognition, faces: readonly Rectangle[]): void {
  expect(boxes.map(({ label }) => label)).toEqual(faces.map(() => 'face'));
  for (const face of faces) {
    const on = boxes.filter((box) => intersectionOverUnion(corners(face), corners(box)) > 0.6);
    expect(on, JSON.stringify({ face, boxes })).toHaveLength(1);
    expect(on[0]!.score).toBeGreaterThan(0.8);
  }
}

it('four people on a photo are found, where their faces are', async () => {
  expectFaces(await facesIn(FACES_PHOTO), FACES);
});

it('they are found whatever the kind, the size and the turn of the image', async () => {
  const photo = () => sharp(FACES_PHOTO);
  expectFaces(await facesIn(await photo().png({ compressionLevel: 1 }).toBuffer()), FACES);
  expectFaces(await facesIn(await photo().resize({ width: 480 }).webp().toBuffer()), FACES.map((face) => scaled(face, 0.25)));
  // Lies on its side, and says so.
  expectFaces(await facesIn(await photo().rotate(90).withMetadata({ orientation: 8 }).jpeg().toBuffer()), FACES);
});

it('they are found at their places when the photo is a part of a larger picture, and nobody is found where nobody is', async () => {
  const wider = await sharp(FACES_PHOTO).extend({ left: 900, right: 100, top: 200, bottom: 50, background: '#808080' }).jpeg().toBuffer();
  expectFaces(await facesIn(wider), FACES.map(({ x, y, ...size }) => ({ x: x + 900, y: y + 200, ...size })));
  const below = await sharp(FACES_PHOTO).extract({ left: 0, top: 900, width: 1_920, height: 600 }).jpeg().toBuffer();
  expect((await facesIn(below)).boxes).toEqual([]);
});

it('a picture with the boxes drawn shows the photo, with lines and labels where the faces are', async () => {
  const found = await facesIn(FACES_PHOTO);
  const drawn = await decoder.draw({ name: 'photo', content: FACES_PHOTO }, found, patient);
  const [before, after] = await Promise.all([FACES_PHOTO, drawn].map((image) => sharp(image).removeAlpha().raw().toBuffer({ resolveWithObject: true })));
  expect(after!.info).toMatchObject({ format: 'raw', width: 1_920, height: 1_537, channels: 3 });
  expect((await sharp(drawn).metadata()).format).toBe('png');
  const changedAt = (x: number, y: number) => {
    const at = (Math.round(y) * 1_920 + Math.round(x)) * 3;
    return !before!.data.subarray(at, at + 3).equals(after!.data.subarray(at, at + 3));
  };
  for (const { x, y, width, height } of found.boxes) {
    for (const share of [0.1, 0.5, 0.9]) {
      expect(changedAt(x + 1, y + height * share)).toBe(true);
      expect(changedAt(x + width * share, y + height - 2)).toBe(true);
    }
    expect(changedAt(x + width / 2, y + height / 2)).toBe(false);
    // Its label stands on the box.
    expect(changedAt(x + 5, y - 10)).toBe(true);
  }
});
