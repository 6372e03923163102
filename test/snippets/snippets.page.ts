import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../..');

/** Blocks of code by what they are marked with: `sh curl`, `js browser`, `csv points.csv`, `ts`. */
export type Blocks = Map<string, string[]>;

/** Every block of code of a document of the repository. */
export async function blocksOf(document: string): Promise<Blocks> {
  const blocks: Blocks = new Map();
  const text = await readFile(join(REPOSITORY, document), 'utf8');
  for (const [, mark, code] of text.matchAll(/^```(\w+(?: \S+)?)\n(.*?)^```$/gms)) blocks.set(mark!, [...(blocks.get(mark!) ?? []), code!]);
  return blocks;
}
