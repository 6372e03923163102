import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');

/** Blocks of code by what they are marked with: `sh curl`, `js browser`, `csv points.csv`. */
export type Blocks = Map<string, string[]>;

/** Every block of code of a document that says what it is. */
export async function blocksOf(document: string): Promise<Blocks> {
  const blocks: Blocks = new Map();
  const text = await readFile(join(DOCS, document), 'utf8');
  for (const [, mark, code] of text.matchAll(/^```(\w+ \S+)\n(.*?)^```$/gms)) blocks.set(mark!, [...(blocks.get(mark!) ?? []), code!]);
  return blocks;
}
