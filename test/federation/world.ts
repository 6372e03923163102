/** One question to a world, and what its answer must be. */
export interface FederationCase {
  name: string;
  query: string;
  variables?: Record<string, unknown>;
  data: unknown;
  /** Path and code of each error, in any order; none where absent. */
  errors?: readonly { path?: readonly (string | number)[]; code: string }[];
}

type Resolver = (parent: never, args: never) => unknown;

/** A subgraph as data: what it says it has, and how it answers. */
export interface WorldSubgraph {
  /** Without the link to the specification of federation. */
  sdl: string;
  resolvers: Record<string, Record<string, Resolver | { resolve?: Resolver; subscribe?: Resolver }> & { __resolveReference?: Resolver; __resolveType?: Resolver }>;
}

/** Subgraphs that are composed, and cases on them. */
export interface FederationWorld {
  name: string;
  subgraphs: Record<string, WorldSubgraph>;
  cases: readonly FederationCase[];
}

/** A failure that a subgraph tells of, with a code. */
export class ToldFailure extends Error {
  readonly extensions: { code: string };

  constructor(code: string) {
    super(`told as ${code}`);
    this.extensions = { code };
  }
}
