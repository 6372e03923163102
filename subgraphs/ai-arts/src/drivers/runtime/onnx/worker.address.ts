import { constants } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';

const LARGEST = 1_024;

/** Tells where the worker listens; whoever reads it finds all of it or nothing. */
export async function writePort(file: string, port: number): Promise<void> {
  await writeFile(`${file}.part`, JSON.stringify({ port }));
  await rename(`${file}.part`, file);
}

/** The port that a worker has told; undefined as long as it has not. What else lies there, a job may have put there. */
export async function readPort(file: string): Promise<number | undefined> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LARGEST), 0, LARGEST, 0);
    const { port } = JSON.parse(buffer.toString('utf8', 0, bytesRead)) as { port?: unknown };
    return Number.isInteger(port) && (port as number) >= 1_024 && (port as number) <= 65_535 ? (port as number) : undefined;
  } catch {
    return undefined;
  }
}
