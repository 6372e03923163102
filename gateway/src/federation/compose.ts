import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';

/** A subgraph's part in the supergraph. */
export interface SubgraphSdl {
  name: string;
  /** Federation 2 SDL, as `buildFederatedSchema` prints it. */
  sdl: string;
}

/** Subgraphs that do not fit together; the message lists every reason, one a line, with the subgraphs it concerns. */
export class CompositionError extends Error {
  override readonly name = 'CompositionError';
}

const DIGEST_LINE = /^# composed from subgraphs of digest ([0-9a-f]{64})$/m;

/**
 * Composes the supergraph of these subgraphs. The text begins with a comment that holds a digest of what it was made
 * from, which {@link supergraphOf} compares. Needs no database.
 *
 * @throws CompositionError when the subgraphs contradict each other
 */
export async function composeSupergraph(subgraphs: readonly SubgraphSdl[]): Promise<string> {
  // The composition library is large, and a start whose supergraph is already composed does without it.
  const [{ composeServices }, { parse }] = await Promise.all([import('@apollo/composition'), import('graphql')]);
  const services = sorted(subgraphs).map(({ name, sdl }) => ({ name, typeDefs: parse(sdl), url: addressInName(name) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (errors) throw new CompositionError(`The subgraphs do not compose:\n${errors.map(faultLine).join('\n')}`);
  return `# Generated. Do not edit.\n# composed from subgraphs of digest ${digestOf(subgraphs)}\n\n${supergraphSdl.trimEnd()}\n`;
}

/** The supergraph of these subgraphs: the text made earlier when it was made from the same ones, else composed now. */
export async function supergraphOf(subgraphs: readonly SubgraphSdl[], made: string | undefined): Promise<string> {
  if (made !== undefined && DIGEST_LINE.exec(made)?.[1] === digestOf(subgraphs)) return made;
  return composeSupergraph(subgraphs);
}

/** Stands where a remote subgraph's URL stands; connections decide where a subgraph really is. */
const addressInName = (name: string): string => `http://${name}.subgraph.invalid`;

const sorted = (subgraphs: readonly SubgraphSdl[]): SubgraphSdl[] => subgraphs.toSorted((a, b) => (a.name < b.name ? -1 : 1));

function digestOf(subgraphs: readonly SubgraphSdl[]): string {
  const hash = createHash('sha256');
  for (const { name, sdl } of sorted(subgraphs)) hash.update(JSON.stringify([name, sdl]));
  return hash.digest('hex');
}

function faultLine({ message, extensions }: GraphQLError): string {
  return `- ${message}${typeof extensions.code === 'string' ? ` (${extensions.code})` : ''}`;
}
