import { parameterNames } from './input.reader.js';
import type { Contract, Route } from './contract.js';

/** A row as requests meet it. */
export interface Endpoint {
  /** Unique among all contracts. */
  id: string;
  contract: Contract;
  row: Route;
  /** The query parameters that its answer depends on. */
  parameters: readonly string[];
}

/** What a contract has at one path. */
export interface Place {
  contract: Contract;
  /** By method, those that take forms excepted. */
  endpoints: ReadonlyMap<string, Endpoint>;
  /** Those that a POST with a form reaches, by their command. */
  commands: ReadonlyMap<string, Endpoint>;
}

const NOTHING: ReadonlyMap<string, Endpoint> = new Map();

/** Finds rows by path, with and without the trailing slash. */
export class RouteIndex {
  readonly #places = new Map<string, Place>();
  /** Longest prefix first, so that `/api/v1` is not taken by `/api`. */
  readonly #contracts: readonly Contract[];

  constructor(contracts: readonly Contract[]) {
    this.#contracts = contracts.toSorted((a, b) => b.prefix.length - a.prefix.length);
    for (const contract of contracts) for (const row of contract.routes) this.#add(contract, row);
  }

  /** @returns undefined when no contract owns the path */
  find(path: string): Place | undefined {
    return this.#places.get(path) ?? this.#findSlow(path);
  }

  #add(contract: Contract, row: Route): void {
    const path = contract.prefix + row.path;
    const place = this.#places.get(path) ?? { contract, endpoints: NOTHING, commands: NOTHING };
    const parameters = 'takes' in row && row.takes.from === 'query' ? parameterNames(row.takes.shape) : [];
    const { command } = row;
    const id = `${row.method} ${path}${command === undefined ? '' : ` ${command}`}`;
    const [kind, key] = command === undefined ? (['endpoints', row.method] as const) : (['commands', command] as const);
    if (place[kind].has(key)) throw new Error(`${id} stands in the route tables twice`);
    const grown = { ...place, [kind]: new Map([...place[kind], [key, { id, contract, row, parameters }]]) };
    this.#places.set(path, grown).set(`${path}/`, grown);
  }

  #findSlow(path: string): Place | undefined {
    const plain = path.includes('%') ? decoded(path) : path;
    const known = this.#places.get(plain);
    if (known) return known;
    const contract = this.#contracts.find(({ prefix }) => plain === prefix || plain.startsWith(`${prefix}/`));
    return contract && { contract, endpoints: NOTHING, commands: NOTHING };
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
