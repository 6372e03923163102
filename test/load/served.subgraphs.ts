import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeSupergraph } from '@hutong/gateway';
import { NATIVE, withProcess } from '../bench/process.js';
import type { Served } from './measured.process.js';

/**
 * Uses subgraphs in a process of their own while they run; the supergraph says where they are.
 *
 * @param file the program of the process, in this folder, which prints where each subgraph listens, as one line of JSON
 */
export async function withServedSubgraphs<Result>(file: string, subgraphs: readonly { name: string; sdl: string }[], use: (served: Served) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-bench-'));
  const supergraphFile = join(folder, 'supergraph.graphql');
  try {
    const composed = await composeSupergraph(subgraphs);
    return await withProcess(`../load/${file}`, [], async (line) => {
      const urls = JSON.parse(line) as Record<string, string>;
      await writeFile(supergraphFile, composed.replaceAll(/http:\/\/(\w+)\.subgraph\.invalid/g, (_, name: string) => `${urls[name]}/graphql`));
      return use({ supergraphFile, urls });
    }, NATIVE);
  } finally {
    await rm(folder, { recursive: true });
  }
}
