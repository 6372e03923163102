import { open, rename } from 'node:fs/promises';
import path from 'node:path';

/** Writes a file so that after a crash at any moment its place holds all of the text or what was there before. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const part = `${file}.part`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await putInPlace(part, file);
}

/** Renames a file that is complete to its place, over what was there, and waits until the disk knows. */
export async function putInPlace(part: string, file: string): Promise<void> {
  await rename(part, file);
  const folder = await open(path.dirname(file));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
