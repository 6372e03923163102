import { z } from 'zod';

export const text = z.string();
export const count = z.int().min(0);
/** Milliseconds since the epoch. */
export const instant = z.int().min(0);
export const names = z.record(z.string(), z.unknown());

/** What every list says of itself. */
export const listTotals = {
  total: count.meta({ en: 'How many there are on all pages.', zh: '总数' }),
  totalPage: count.meta({ en: 'How many pages there are.', zh: '总页数' }),
};

/** What lists of files say beside that. */
export const listPage = {
  pageNum: count.meta({ en: 'Which page this is.', zh: '当前页' }),
  pageSize: count.meta({ en: 'How many a page has.', zh: '每页数量' }),
};
