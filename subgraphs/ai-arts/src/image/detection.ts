import type { Tensor } from '../drivers/runtime/runtime.js';
import { labelOf, type ModelCard } from './model.card.js';
import type { DetectionForm } from './model.output.js';
import { suppressed, type Candidate } from './box.suppression.js';
import { candidatesOf } from './detection.candidates.js';
import { onPicture, placementOf, type Corners, type Size } from './image.placement.js';
import type { RecognitionOptions, RecognizedBox } from './recognition.js';

/** The best boxes on one picture. @throws BAD_INPUT when the outputs are not as hutong.json says */
export function detectedBoxes(outputs: readonly Tensor[], card: ModelCard, { top, minScore }: RecognitionOptions, picture: Size): RecognizedBox[] {
  const { input } = card;
  const form: DetectionForm = { ...card.detection!, minScore: minScore ?? card.detection!.minScore };
  const placement = placementOf(picture, input);
  const candidates = candidatesOf(outputs, form, card.scores === 'logit', input).flatMap((candidate): Candidate[] => {
    const corners = onPicture(inPixels(cornersOf(candidate.place, form), form, input), placement, picture);
    const isThere = corners.right > corners.left && corners.bottom > corners.top && Number.isFinite(candidate.score);
    return isThere ? [{ ...corners, score: candidate.score, label: candidate.label }] : [];
  });
  return suppressed(candidates, form.overlap, top).map(({ label, score, left, top: y, right, bottom }) => ({
    label: labelOf(card, label),
    score,
    x: left,
    y,
    width: right - left,
    height: bottom - y,
  }));
}

/** Four numbers as corners, in whatever unit. */
function cornersOf([a, b, c, d]: readonly [number, number, number, number], { corners }: DetectionForm): Corners {
  switch (corners) {
    case 'xyxy':
      return { left: a, top: b, right: c, bottom: d };
    case 'yxyx':
      return { left: b, top: a, right: d, bottom: c };
    case 'xywh':
      return { left: a, top: b, right: a + c, bottom: b + d };
    case 'cxcywh':
      return { left: a - c / 2, top: b - d / 2, right: a + c / 2, bottom: b + d / 2 };
  }
}

function inPixels({ left, top, right, bottom }: Corners, { unit }: DetectionForm, { width, height }: Size): Corners {
  return unit === 'pixel' ? { left, top, right, bottom } : { left: left * width, top: top * height, right: right * width, bottom: bottom * height };
}
