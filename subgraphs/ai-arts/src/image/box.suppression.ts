import type { Corners } from './image.placement.js';

/** A box that may be one of several on the same thing. */
export interface Candidate extends Corners {
  score: number;
  label: number;
}

/** More are not compared; the others have lower scores. */
const MOST_COMPARED = 10_000;

/** The best boxes, best first: of those of one label that overlap by more than `overlap` (intersection over union) the best one only. */
export function suppressed(candidates: readonly Candidate[], overlap: number, most: number): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score).slice(0, MOST_COMPARED)) {
    if (kept.length >= most) break;
    if (kept.every((better) => better.label !== candidate.label || intersectionOverUnion(better, candidate) <= overlap)) kept.push(candidate);
  }
  return kept;
}

/** How much of what two boxes cover is covered by both, from 0 to 1. */
export function intersectionOverUnion(a: Corners, b: Corners): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

const area = ({ left, top, right, bottom }: Corners): number => (right - left) * (bottom - top);
