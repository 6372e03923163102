import { buildSubgraphSchema } from '@apollo/subgraph';
import { anonymous, silentLog, type SubgraphConnection, type SubgraphRequest } from '@hutong/common';
import { composeSupergraph, DataText, PlannedGraph } from '@hutong/gateway';
import { execute, parse, type ExecutionResult, type GraphQLSchema } from 'graphql';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@inaccessible"])\n';

const CATALOG = `${LINK}
scalar Any
enum Kind { TOOL TOY SECRET @inaccessible }
type Query { products: [Product!] best: Product }
type Product @key(fields: "upc") {
  upc: ID!
  name: String
  kind: Kind
  price: Int
  weight: Float!
  sold: Boolean
  tags: [String!]
  notes: Any
  similar: [Product]
}`;
const STOCK = `${LINK}
type Query { newest: [Product!] }
type Product @key(fields: "upc") {
  upc: ID!
  price: Int @external
  stock: Int!
  shipping: Float @requires(fields: "price")
  shelves: [Shelf!]!
}
type Shelf { label: String! products: [Product!] }`;

const product = (n: number): Record<string, unknown> => ({
  upc: `p${n}`,
  name: ['Säge', 'Ball', 'a "quoted" \\ name', '名前 😀', null][n % 5],
  kind: n % 2 === 0 ? 'TOOL' : 'TOY',
  price: n % 3 === 0 ? null : 100 * n,
  weight: n / 4,
  sold: n % 2 === 0,
  tags: n === 1 ? [] : ['a', `b${n}`],
  notes: n === 2 ? { a: [1, 'x'], b: null } : `note ${n}`,
  similar: n < 3 ? () => [product(n + 1), null, product(n + 2)] : null,
});

const schemaOf = (sdl: string, resolvers: object): GraphQLSchema => buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]);

const subgraphs = {
  catalog: { sdl: CATALOG, schema: schemaOf(CATALOG, { Query: { products: () => [product(1), product(2), product(1), product(3)], best: () => product(2) }, Product: { __resolveReference: ({ upc }: { upc: string | number }) => product(Number(String(upc).replace('p', ''))) } }) },
  stock: {
    sdl: STOCK,
    schema: schemaOf(STOCK, {
      Query: { newest: () => ['p1', 'p2', 'p4'].map((upc) => ({ upc })) },
      Product: {
        stock: ({ upc }: { upc: string }) => upc.length * 7,
        shipping: ({ price }: { price: number | null }) => price && price / 8,
        shelves: ({ upc }: { upc: string }) => [{ label: `shelf of ${upc}`, products: [{ upc: 'p1' }, { upc }] }],
      },
    }),
  },
};
export type TamperedSubgraph = keyof typeof subgraphs;

export const QUERY = `{
  products { ...P stock shipping shelves { label products { name upc } } similar { upc stock ...P } }
  best { upc again: name notes stock }
  newest { name upc }
}
fragment P on Product { kind name price weight sold tags notes upc }`;

/** Changes the bytes of an answer. */
export type Tamper = (body: Buffer, subgraph: TamperedSubgraph) => Buffer;

/** What an answer to {@link QUERY} is, and how it was made. */
export interface TamperedAnswer {
  /** The data as text, and the errors in any order. */
  answer: string;
  way: 'bytes' | 'objects';
  fetches: number;
}

/** A graph whose subgraphs answer in bytes that somebody may have changed on their way. */
export class TamperedGraph {
  tamper: Tamper = (body) => body;
  #fetches = 0;
  readonly #answers = new Map<string, Promise<Buffer>>();
  readonly #reading: PlannedGraph;
  readonly #parsing: PlannedGraph;

  private constructor(supergraphSdl: string, responseBytes: number) {
    const graphOf = (reads: boolean): PlannedGraph => {
      const connections = new Map((Object.keys(subgraphs) as TamperedSubgraph[]).map((name) => [name, this.#connection(name, reads)]));
      return new PlannedGraph({ supergraphSdl, connections, executor: 'compiled', subgraphTimeoutMs: 5_000, responseBytes, log: silentLog });
    };
    this.#reading = graphOf(true);
    this.#parsing = graphOf(false);
  }

  static async open(responseBytes = 1_000_000): Promise<TamperedGraph> {
    return new TamperedGraph(await composeSupergraph(Object.entries(subgraphs).map(([name, { sdl }]) => ({ name, sdl }))), responseBytes);
  }

  /** Where answers may be read byte by byte. */
  read = (query = QUERY): Promise<TamperedAnswer> => this.#answer(this.#reading, query);

  /** Where every answer is parsed. */
  parsed = (query = QUERY): Promise<TamperedAnswer> => this.#answer(this.#parsing, query);

  async #answer(graph: PlannedGraph, text: string): Promise<TamperedAnswer> {
    const before = this.#fetches;
    const written = await graph.write(await graph.plan({ text, document: parse(text) }), {}, { caller: anonymous, origin: 'client', requestId: 'r', signal: new AbortController().signal });
    const fetches = this.#fetches - before;
    if (written instanceof DataText) return { answer: written.json, way: written.madeOf, fetches };
    const errors = (written.errors ?? []).map(({ message, path, extensions }) => JSON.stringify({ message, path, extensions }));
    return { answer: JSON.stringify({ data: written.data, errors: errors.toSorted() }), way: 'objects', fetches };
  }

  #connection(name: TamperedSubgraph, reads: boolean): SubgraphConnection {
    return {
      name,
      isRemote: true,
      execute: async (request) => {
        this.#fetches += 1;
        const body = this.tamper(await this.#body(name, request), name);
        return (reads ? request.read?.(body) : undefined) ?? parsedAnswer(body);
      },
      subscribe: () => Promise.reject(new Error('nobody subscribes')),
      ready: async () => undefined,
    };
  }

  /** What the subgraph really answers. */
  #body(name: TamperedSubgraph, { document, variables }: SubgraphRequest): Promise<Buffer> {
    const key = JSON.stringify([name, document, variables]);
    let body = this.#answers.get(key);
    if (!body) this.#answers.set(key, (body = Promise.resolve(execute({ schema: subgraphs[name].schema, document: parse(document), variableValues: variables })).then((result) => Buffer.from(JSON.stringify(result)))));
    return body;
  }
}

function parsedAnswer(body: Buffer): ExecutionResult {
  const result = JSON.parse(body.toString()) as ExecutionResult | null;
  if (typeof result !== 'object' || result === null || typeof (result.data ?? {}) !== 'object' || Array.isArray(result.data)) throw new Error('no answer of GraphQL');
  if (result.errors !== undefined && !(Array.isArray(result.errors) && result.errors.every((error: unknown) => typeof (error as { message?: unknown } | null)?.message === 'string'))) throw new Error('no errors of GraphQL');
  return result;
}
