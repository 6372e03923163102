import { z } from 'zod';
import { LARGEST_INT, positiveDigits, text } from '../engine/value.shapes.js';

/** The query of the list of availability zones; the filters are codes or names. */
export const zonesQuery = z.object({
  page: positiveDigits(LARGEST_INT),
  page_size: positiveDigits(1000),
  resource_type: text.optional(),
  region: text.optional(),
  organization: text.optional(),
});

export type ZonesQuery = z.output<typeof zonesQuery>;

/** Rows before the page; beyond an Int, where no row is either, the last Int. */
export function offsetOf({ page, page_size }: ZonesQuery): number {
  return Math.min((page - 1) * page_size, LARGEST_INT);
}
