import { badInput } from '@hutong/common';
import { z } from 'zod';

/** Classes that a model may tell apart. */
export const MOST_LABELS = 100_000;
const LONGEST_LABEL = 200;
const MOST_SIDE = 8_192;

const perChannel = z.union([z.number(), z.array(z.number()).min(1).max(3)]).transform((value) => (typeof value === 'number' ? [value] : value));
const side = z.int().min(1).max(MOST_SIDE);
const name = z.string().min(1).max(LONGEST_LABEL);
const fraction = z.number().min(0).max(1);

const input = z.strictObject({
  name: name.optional(),
  width: side.optional(),
  height: side.optional(),
  layout: z.enum(['NCHW', 'NHWC', 'FLAT']).optional(),
  color: z.enum(['grey', 'rgb', 'bgr']).optional(),
  scale: z.number().positive().optional(),
  mean: perChannel.optional(),
  std: perChannel.optional(),
  resize: z.enum(['stretch', 'letterbox', 'crop']).optional(),
  pad: z.int().min(0).max(255).optional(),
});

const detection = z.strictObject({
  format: z.enum(['boxes', 'anchors', 'yolov5', 'yolov8']),
  boxes: name.optional(),
  scores: name.optional(),
  classes: name.optional(),
  count: name.optional(),
  output: name.optional(),
  grids: z.array(z.strictObject({ boxes: name, scores: name, perCell: z.int().min(1).max(100) })).min(1).max(20).optional(),
  corners: z.enum(['xyxy', 'yxyx', 'cxcywh', 'xywh']).optional(),
  unit: z.enum(['pixel', 'fraction']).optional(),
  firstClass: z.int().min(0).max(MOST_LABELS).optional(),
  minScore: fraction.optional(),
  overlap: fraction.optional(),
});

const document = z.strictObject({
  model: name.optional(),
  task: z.enum(['classify', 'detect']).optional(),
  input: input.prefault({}),
  output: name.optional(),
  scores: z.enum(['probability', 'logit']).optional(),
  detection: detection.optional(),
  labels: z.union([z.string().min(1), z.array(z.string().max(LONGEST_LABEL)).min(1).max(MOST_LABELS)]).optional(),
});

/** What `hutong.json` in a model says; all of it is optional. The README lists its members. */
export type ModelDocument = z.output<typeof document>;

/** @throws BAD_INPUT naming the member of hutong.json */
export function readModelDocument(json: unknown): ModelDocument {
  const read = document.safeParse(json ?? {});
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  throw documentFault(issue.path.join('.'), issue.message);
}

/** A fault of `hutong.json`. */
export function documentFault(member: string, problem: string): Error {
  return badInput({ field: member === '' ? 'hutong.json' : `hutong.json ${member}`, problem });
}
