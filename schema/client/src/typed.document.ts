import type { DocumentNode } from '@0no-co/graphql.web';
import { initGraphQLTada, type DocumentDecoration } from 'gql.tada';
import type { introspection } from './graph.types.js';

/**
 * Makes a typed document of a GraphQL text: what it answers and which variables it takes is inferred from the schema of the
 * platform, and a field that there is not is `unknown`. Fragments are given as a second argument.
 *
 *     const whoAmI = graphql('{ me { username roles } }');
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { ID: string; DateTime: string; JSON: unknown; Upload: Blob };
  disableMasking: true;
}>();

/** A document that knows what it answers and takes: of {@link graphql}, or of any generator that makes TypedDocumentNodes. */
export type TypedDocument<Data, Variables> = DocumentNode & DocumentDecoration<Data, Variables>;

export type { ResultOf, VariablesOf } from 'gql.tada';
