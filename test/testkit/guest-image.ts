import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SOURCES = join(import.meta.dirname, '../../subgraphs/cloud-vm/image');

/** The image that `npm run vm-image` builds. */
export const GUEST_IMAGE = 'small-linux';

/** Puts the image into the `images` of a data folder. It is built once for each version of its sources and then kept. */
export async function placeGuestImage(dataDirectory: string): Promise<void> {
  const kept = join(tmpdir(), `hutong-test-image-${await versionOf(SOURCES)}`);
  if (!existsSync(kept)) await build(kept);
  await mkdir(join(dataDirectory, 'images'), { recursive: true });
  await cp(join(kept, 'images'), join(dataDirectory, 'images'), { recursive: true });
}

async function build(kept: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-test-image-'));
  try {
    await promisify(execFile)('bash', [join(SOURCES, 'build.sh')], { env: { PATH: process.env.PATH, HUTONG_DATA_DIR: folder } });
    await rename(folder, kept);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // Another test file was quicker.
    if (!existsSync(kept)) throw error;
  }
}

async function versionOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) hash.update(file.slice(folder.length)).update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}
