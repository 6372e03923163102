import { setImmediate as turn } from 'node:timers/promises';
import { buildSchema, type GraphQLFieldResolver, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { loadSubgraph, type LoadSubgraph } from '../load.subgraph.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])\n';

const INVENTORY = `${LINK}
type Machine @key(fields: "id") { id: ID!, name: String!, cpus: Int! }
type Query { machines(tag: String!): [Machine!]! }
`;
const JOBS = `${LINK}
type Machine @key(fields: "id") { id: ID!, cpus: Int! @external, load: Float! @requires(fields: "cpus"), jobs: [Job!]! }
type Job { id: ID!, state: String! }
`;

interface Machine {
  id: string;
  cpus: number;
}

/** Machines of one answer: the entities that are joined. */
export const ENTITIES = 20;

const inventory = {
  Query: {
    machines: async (_: unknown, { tag }: { tag: string }) => {
      await turn();
      return Array.from({ length: ENTITIES }, (_machine, n) => ({ id: `${tag}-${n}`, name: `machine ${n}`, cpus: 8 + n }));
    },
  },
};

const jobs = {
  Machine: {
    load: ({ cpus }: Machine) => 1 / cpus,
    jobs: ({ id }: Machine) => [{ id: `${id}-job`, state: 'RUNNING' }],
  },
};

/** Every machine has to be there, and joined. @throws Error when it does not */
export function checkJoin({ data, errors }: { data?: unknown; errors?: unknown }): void {
  const machines = (data as { machines?: { load: number; jobs: unknown[] }[] } | null | undefined)?.machines ?? [];
  if (errors || machines.length !== ENTITIES || machines.some(({ load, jobs: of }) => !(load > 0) || of.length === 0)) throw new Error(`the join answered ${JSON.stringify({ errors, data }).slice(0, 300)}`);
}

/** A query whose plan asks for 20 machines here, and then, with what `load` requires, for the same 20 there. */
export const JOIN = 'query ($tag: String!) { machines(tag: $tag) { id name cpus load jobs { id state } } }';

/** Two small subgraphs without a database; each gateway that is compared gets its own, of the same code. */
export const joinedSubgraphs = (): LoadSubgraph[] => [loadSubgraph('inventory', INVENTORY, inventory), loadSubgraph('jobs', JOBS, jobs)];

const MERGED = `
type Machine { id: ID!, name: String!, cpus: Int!, load: Float!, jobs: [Job!]! }
type Job { id: ID!, state: String! }
type Query { machines(tag: String!): [Machine!]! }
`;

/** What both subgraphs are together, as one schema with the same resolvers. */
export function mergedSchema(): GraphQLSchema {
  const schema = buildSchema(MERGED);
  for (const [type, resolvers] of Object.entries({ ...inventory, ...jobs })) {
    const fields = (schema.getType(type) as GraphQLObjectType).getFields();
    for (const [name, resolve] of Object.entries<GraphQLFieldResolver<Machine, unknown, { tag: string }>>(resolvers)) fields[name]!.resolve = resolve;
  }
  return schema;
}
