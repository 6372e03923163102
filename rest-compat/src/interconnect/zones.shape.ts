import { z } from 'zod';
import { LARGEST_INT, positiveDigits, text } from '../engine/value.shapes.js';

/** The query of the list of availability zones; the filters are codes or names. */
export const zonesQuery = z.object({
  page: positiveDigits(LARGEST_INT).meta({ en: 'Which page, from 1.', zh: '分页参数 - 页数，即第几页(从1开始)' }),
  page_size: positiveDigits(1000).meta({ en: 'How many a page has.', zh: '分页参数 - 每页的数量' }),
  resource_type: text.optional().meta({ en: 'The kind of resource: its code or name.', zh: '资源类型：代码或名称' }),
  region: text.optional().meta({ en: 'The city: its code or name.', zh: '地理位置：代码或名称' }),
  organization: text.optional().meta({ en: 'The provider: its code or name.', zh: '算力标识中的服务厂商：代码或名称' }),
});

export type ZonesQuery = z.output<typeof zonesQuery>;

/** Rows before the page; beyond an Int, where no row is either, the last Int. */
export function offsetOf({ page, page_size }: ZonesQuery): number {
  return Math.min((page - 1) * page_size, LARGEST_INT);
}
