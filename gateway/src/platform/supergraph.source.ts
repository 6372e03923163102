import { readFile } from 'node:fs/promises';
import { SettingError } from '@hutong/common';
import { supergraphOf } from '../federation/compose.js';
import type { OpenSubgraphs } from './open-subgraphs.js';

const COMMITTED = new URL('../../../schema/supergraph.graphql', import.meta.url);

/**
 * The text of the supergraph: the file that was named; else the committed one where a subgraph is elsewhere, so that it may
 * be down at the start; else that of the subgraphs in this process.
 *
 * @throws SettingError when the named file cannot be read
 */
export async function readSupergraph({ local, connections }: Pick<OpenSubgraphs, 'local' | 'connections'>, file: string | undefined): Promise<string> {
  if (file !== undefined) {
    return readFile(file, 'utf8').catch((error: unknown) => {
      throw new SettingError(`SUPERGRAPH_FILE: ${(error as Error).message}; for example SUPERGRAPH_FILE=schema/supergraph.graphql`);
    });
  }
  if (local.length < connections.size) return readFile(COMMITTED, 'utf8');
  return supergraphOf(local, await readFile(COMMITTED, 'utf8').catch(() => undefined));
}
