import { randomUUID } from 'node:crypto';
import { open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** Writes a file so that after a crash at any moment its place holds all of the text or what was there before. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const part = `${file}.${randomUUID()}`;
  await writeSynced(part, text);
  await rename(part, file);
  await syncFolder(path.dirname(file));
}

/** Writes a file and waits until the disk has it. */
export async function writeSynced(file: string, text: string): Promise<void> {
  await using handle = await opened(file, 'w');
  await handle.writeFile(text);
  await handle.sync();
}

/** Waits until the disk knows the names in a folder. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await opened(folder, 'r');
  await handle.sync();
}

const opened = (file: string, flags: string): Promise<FileHandle> => open(file, flags, 0o600);
