import { readFile } from 'node:fs/promises';
import { FACE_DETECTOR, FACE_DOCUMENT, FACES, FACES_PHOTO } from '@hutong/ai-arts/testkit/face.detector';
import { hostileImages } from '@hutong/ai-arts/testkit/hostile.images';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { AiArtsClient } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { Recognizer } from '../testkit/inference.js';
import { Librarian } from '../testkit/library.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

// Alice has faces found on a photo by a detector that others have made, and people send it whatever they like.

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const DETECT = 'mutation ($input: RecognizeImageInput!) { recognizeImage(input: $input) { task labels { label score } boxes { label score x y width height } pictureUrl } }';

let platform: Platform;
let alice: Recognizer;
let serviceId: string;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, JOB_MEMORY_MIB: '512' } });
  alice = new Recognizer(await actor(await admin(platform), 'alice'));
  const files = await tarGzOf({ 'faces/blazeface.onnx': await readFile(FACE_DETECTOR), 'faces/hutong.json': JSON.stringify(FACE_DOCUMENT) });
  const { data, errors } = await new Librarian(alice.actor).send('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id } }', { name: 'faces', waitSeconds: 60 }, 'faces.tar.gz', files);
  expect(errors).toEqual([]);
  serviceId = await alice.running({ modelId: data.uploadModel.id });
}, 180_000);
afterAll(() => platform?.dispose());

const detect = async (input: Record<string, unknown>) => {
  const photo = new File([new Uint8Array(await readFile(FACES_PHOTO))], '合影.jpg');
  const { data, errors } = await alice.actor.graph(DETECT, { input: { serviceId, image: photo, ...input } });
  expect(errors).toEqual([]);
  return data.recognizeImage;
};

const overlap = (a: Rectangle, b: Rectangle): number => {
  const along = (of: 'x' | 'y', size: 'width' | 'height') => Math.max(0, Math.min(a[of] + a[size], b[of] + b[size]) - Math.max(a[of], b[of]));
  const shared = along('x', 'width') * along('y', 'height');
  return shared / (a.width * a.height + b.width * b.height - shared);
};

test('four people on a photo are found, each with a box on the face, and drawn', { timeout: 120_000 }, async () => {
  const { task, labels, boxes, pictureUrl } = await detect({ picture: true });
  expect(task).toBe('detect');
  expect(labels).toEqual([{ label: 'face', score: boxes[0].score }]);
  expect(boxes).toHaveLength(FACES.length);
  for (const face of FACES) expect(boxes.filter((box: Rectangle) => overlap(face, box) > 0.6), JSON.stringify({ face, boxes })).toHaveLength(1);
  const drawn = await fetch(new URL(pictureUrl, platform.url));
  expect([drawn.status, drawn.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect(await sharp(await drawn.bytes()).metadata()).toMatchObject({ format: 'png', width: 1_920, height: 1_537 });
  expect((await detect({ top: 2 })).boxes).toEqual(boxes.slice(0, 2));
});

test('an old client is told the same', { tags: ['ai-arts/6.5/detection'], timeout: 120_000 }, async () => {
  const { boxes } = await detect({});
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(await readFile(FACES_PHOTO))]), 'photo.jpg');
  const answer = await new AiArtsClient(alice.actor).fetch(`/inferences/${serviceId}/recognition`, { method: 'POST', body: form });
  const { code, data } = (await answer.json()) as { code: number; data: { type: string; data: unknown[] } };
  expect([code, data.type]).toEqual([0, 'detection']);
  expect(data.data).toHaveLength(boxes.length);
});

test('whatever else is sent as an image is refused by the contract’s code, and the service goes on', { tags: ['ai-arts/6.4/kinds'], timeout: 300_000 }, async () => {
  const client = new AiArtsClient(alice.actor);
  for (const [what, bytes] of await hostileImages()) {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(bytes)]), 'photo.png');
    const answer = await client.fetch(`/inferences/${serviceId}/recognition`, { method: 'POST', body: form });
    expect([answer.status, await answer.json()], what).toEqual([400, { code: 30_001, msg: expect.stringContaining('photo.png'), data: {} }]);
  }
  expect((await detect({})).boxes).toHaveLength(FACES.length);
  expect(await alice.look(serviceId)).toMatchObject({ state: 'RUNNING', restarts: 0 });
});
