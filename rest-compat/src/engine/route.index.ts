import { parameterNames } from './input.reader.js';
import type { Contract, Route } from './contract.js';
import { storable } from './value.shapes.js';

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
  /** What stands in the path for the row's parameters. */
  parameters: Readonly<Record<string, string>>;
  /** By method, those that take forms excepted. */
  endpoints: ReadonlyMap<string, Endpoint>;
  /** Those that a POST with a form reaches, by their command. */
  commands: ReadonlyMap<string, Endpoint>;
}

/** What a contract has at every path that fits, cut at its slashes. */
interface Pattern {
  steps: readonly string[];
  place: Place;
}

const NOTHING: ReadonlyMap<string, Endpoint> = new Map();
const isParameter = (step: string): boolean => step.startsWith(':');

/** Finds rows by path, with and without the trailing slash; one without parameters comes before one with them. */
export class RouteIndex {
  /** By path, where that has no parameters. */
  readonly #places = new Map<string, Place>();
  /** By the path as the table writes it, where that has some. */
  readonly #patterns = new Map<string, Pattern>();
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
    const steps = path.split('/');
    const place = this.#patterns.get(path)?.place ?? this.#places.get(path) ?? { contract, parameters: {}, endpoints: NOTHING, commands: NOTHING };
    const parameters = 'takes' in row && row.takes.from === 'query' ? parameterNames(row.takes.shape) : [];
    const { command } = row;
    const id = `${row.method} ${path}${command === undefined ? '' : ` ${command}`}`;
    const [kind, key] = command === undefined ? (['endpoints', row.method] as const) : (['commands', command] as const);
    if (place[kind].has(key)) throw new Error(`${id} stands in the route tables twice`);
    if (steps.some(isParameter) && 'freshWhile' in row) throw new Error(`${id} has parameters, so its answers are not told apart`);
    const grown = { ...place, [kind]: new Map([...place[kind], [key, { id, contract, row, parameters }]]) };
    if (steps.some(isParameter)) this.#patterns.set(path, { steps, place: grown });
    else this.#places.set(path, grown).set(`${path}/`, grown);
  }

  #findSlow(path: string): Place | undefined {
    const plain = path.includes('%') ? decoded(path) : path;
    const known = this.#places.get(plain) ?? this.#findByPattern(path);
    if (known) return known;
    const contract = this.#contracts.find(({ prefix }) => plain === prefix || plain.startsWith(`${prefix}/`));
    return contract && { contract, parameters: {}, endpoints: NOTHING, commands: NOTHING };
  }

  /** Cut before it is decoded, so that a `%2F` belongs to the parameter. */
  #findByPattern(path: string): Place | undefined {
    const given = path.replace(/\/$/, '').split('/').map(decoded);
    const pattern = [...this.#patterns.values()].find(({ steps }) => steps.length === given.length && steps.every((step, at) => (isParameter(step) ? given[at] !== '' : step === given[at])));
    if (!pattern) return undefined;
    const parameters = pattern.steps.flatMap((step, at) => (isParameter(step) ? [[step.slice(1), storable(given[at]!)]] : []));
    return { ...pattern.place, parameters: Object.fromEntries(parameters) as Record<string, string> };
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
