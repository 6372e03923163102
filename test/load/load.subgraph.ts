import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse, type GraphQLSchema } from 'graphql';

/** A subgraph without a database, for what is measured. */
export interface LoadSubgraph {
  name: string;
  sdl: string;
  schema: GraphQLSchema;
}

export function loadSubgraph(name: string, sdl: string, resolvers: object): LoadSubgraph {
  return { name, sdl, schema: buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }] as unknown as Parameters<typeof buildSubgraphSchema>[0]) };
}
