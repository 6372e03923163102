/** Most rows of a page of the graph, which a client of the contract may ask ten times of. */
const GRAPH_PAGE = 100;
const CONTRACT_PAGE = 1_000;
const LARGEST_INT = 2_147_483_647;

interface PageOfGraph<Row> {
  totalCount: number;
  nodes: Row[];
}

/** A page of a contract, asked for by as many pages of the graph as it has. One that the contract does not allow is asked for as it is, to be refused. */
export async function rowsOfPage<Row>(page: number, size: number, ask: (first: number, offset: number) => Promise<PageOfGraph<Row>>): Promise<{ count: number; rows: Row[] }> {
  const start = (page - 1) * size;
  const rows: Row[] = [];
  for (;;) {
    const first = size > CONTRACT_PAGE ? size : Math.min(size - rows.length, GRAPH_PAGE);
    const { totalCount, nodes } = await ask(first, Math.min(start + rows.length, LARGEST_INT));
    rows.push(...nodes);
    if (nodes.length < first || rows.length === size) return { count: totalCount, rows };
  }
}
