import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const SECRET_BYTES = 32;

/**
 * The secret that the platform derives its keys from: the given one, else the one kept in the data folder, made at the
 * first start. Of several processes that make it at once, all get the same.
 */
export async function platformSecret(given: string | undefined, dataDirectory: string): Promise<string> {
  if (given !== undefined) return given;
  const file = path.join(dataDirectory, 'secret');
  const kept = await readKept(file);
  if (kept !== undefined) return kept;
  await mkdir(dataDirectory, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, { mode: 0o600 });
  try {
    // A link, unlike a rename, does not replace what another process has made meanwhile.
    await link(draft, file).catch(unless('EEXIST'));
  } finally {
    await rm(draft);
  }
  return (await readFile(file, 'utf8')).trim();
}

async function readKept(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(unless('ENOENT'));
  return text?.trim();
}

const unless =
  (code: string) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== code) throw error;
  };
