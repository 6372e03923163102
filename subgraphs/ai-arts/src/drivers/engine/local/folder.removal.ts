import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const ATTEMPTS = 5;

/** Removes a folder with all in it, also with folders in it that a job has closed to its own user. */
export async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rm(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !['EACCES', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await openFolders(folder);
    }
  }
}

/** What a removal that has failed is still at may be gone meanwhile. */
async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(unlessMissing);
  const entries = await readdir(folder, { withFileTypes: true }).catch(unlessMissing);
  for (const entry of entries ?? []) if (entry.isDirectory()) await openFolders(path.join(folder, entry.name));
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
