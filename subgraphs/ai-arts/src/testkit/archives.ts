import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** A tar of these files, by their names. */
export function tarOf(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return buffer(tar as AsyncIterable<Buffer>);
}
