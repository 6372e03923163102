import { buffer } from 'node:stream/consumers';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';

/** A .tar.gz of files by their paths, which are written as they are given. */
export async function tarGzOf(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer<ArrayBuffer>> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return Buffer.from(await buffer(archive.pipe(createGzip({ level: constants.Z_BEST_SPEED }))));
}

/** The files in a .tar.gz, by their paths. */
export async function filesOfTarGz(archive: Uint8Array): Promise<Record<string, Buffer>> {
  const entries = extract();
  const unpacking = createGunzip();
  unpacking.on('error', (error) => entries.destroy(error)).pipe(entries);
  unpacking.end(archive);
  const files: Record<string, Buffer> = {};
  for await (const entry of entries) files[entry.header.name] = await buffer(entry as AsyncIterable<Buffer>);
  return files;
}
