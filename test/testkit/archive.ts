import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** A .tar.gz of files by their paths, which are written as they are given. */
export async function tarGzOf(files: Readonly<Record<string, string>>): Promise<Buffer<ArrayBuffer>> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  return Buffer.from(await buffer(archive.pipe(createGzip())));
}
