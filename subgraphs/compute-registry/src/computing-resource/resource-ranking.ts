import { MatchOrder } from './computing-resource.types.js';

/** What each order sorts by, best first; the columns stand in the covering indexes. */
const ORDERS: Record<MatchOrder, string[]> = {
  PRICE: ['price asc nulls last'],
  FREE_GPU: ['gpu_free desc'],
  FREE_CPU: ['cpu_free desc'],
  NETWORK_DELAY: ['network_delay_ms asc'],
  PERFORMANCE: ['gpu_performance desc', 'cpu_performance desc'],
  POWER: ['power_consumption asc'],
};

/** Cheapest first, then most free, then shortest delay: the order when a caller says none, and what breaks ties when one does. */
const RANKING = [MatchOrder.PRICE, MatchOrder.FREE_GPU, MatchOrder.FREE_CPU, MatchOrder.NETWORK_DELAY];

export interface Ranking {
  /** The whole `order by`, ending in id, so that it is never ambiguous. */
  sql: string;
  /** Whether the index `computing_resource_rank` is in this order. */
  isIndexed: boolean;
}

export function rankingBy(orderBy: readonly MatchOrder[] = []): Ranking {
  const orders = [...new Set([...orderBy, ...RANKING])];
  const isIndexed = orders.length === RANKING.length && orders.every((order, index) => order === RANKING[index]);
  return { sql: [...orders.flatMap((order) => ORDERS[order]), 'id asc'].join(', '), isIndexed };
}
