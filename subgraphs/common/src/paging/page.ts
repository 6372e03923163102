import { badInput, limitExceeded } from '../errors/common.errors.js';
import { encodeCursor, type CursorKey } from './cursor.js';
import type { Connection } from './connection.js';

export interface PageArguments {
  first?: number | null;
  after?: string | null;
  offset?: number | null;
}

/** How many rows to read, and from where. */
export interface PageWindow {
  limit: number;
  offset: number;
  after: string | null;
}

const DEFAULT_FIRST = 20;
const LARGEST_OFFSET = 2_147_483_647;

/** Checks the paging arguments of a list: BAD_INPUT or LIMIT_EXCEEDED names the argument. */
export function pageWindow({ first, after, offset }: PageArguments, maxPageSize: number): PageWindow {
  const limit = first ?? DEFAULT_FIRST;
  if (limit < 0) throw badInput({ field: 'first', problem: `expected an integer ≥ 0, got ${limit}` });
  if (limit > maxPageSize) throw limitExceeded({ field: 'first', limit: 'page size', allowed: `${maxPageSize} rows`, got: String(limit) });
  if (offset != null && (offset < 0 || offset > LARGEST_OFFSET)) throw badInput({ field: 'offset', problem: `expected an integer ≥ 0, got ${offset}` });
  if (offset != null && after != null) throw badInput({ field: 'offset', problem: 'give either after or offset, not both' });
  return { limit, offset: offset ?? 0, after: after ?? null };
}

interface PageRows<Node> {
  /** Up to `window.limit + 1` rows: the surplus one tells that more follow. */
  rows: Node[];
  window: PageWindow;
  keyOf: (node: Node) => CursorKey;
  totalCount: Connection<Node>['totalCount'];
}

/** Makes a page of rows that were read with one more than asked for. */
export function pageOf<Node>({ rows, window, keyOf, totalCount }: PageRows<Node>): Connection<Node> {
  const nodes = rows.slice(0, window.limit);
  const edges = nodes.map((node) => ({ node, cursor: encodeCursor(keyOf(node)) }));
  return {
    nodes,
    edges,
    totalCount,
    pageInfo: {
      hasNextPage: rows.length > window.limit,
      hasPreviousPage: window.offset > 0 || window.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
