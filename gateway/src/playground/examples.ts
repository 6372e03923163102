import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Operations to try, one file for each subgraph, read where they stand. */
export const examplesFolder = fileURLToPath(new URL('../../examples/', import.meta.url));

/** The text a new visitor finds in the editor: every example, each to be run on its own by its name. */
export async function exampleText(): Promise<string> {
  const files = (await readdir(examplesFolder)).filter((file) => file.endsWith('.graphql')).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(path.join(examplesFolder, file), 'utf8')));
  return `${texts.map((text) => text.trim()).join('\n\n')}\n`;
}
