import { constants } from 'node:fs';
import { open, rename, writeFile } from 'node:fs/promises';

const LARGEST = 4_096;
const LONGEST_WORDS = 500;

/** Tells where the worker listens; whoever reads it finds all of it or nothing. */
export async function writePort(file: string, port: number): Promise<void> {
  await write(file, { port });
}

/** Tells, instead of where it listens, why a worker can never serve its model. */
export async function writeRefusal(file: string, refusal: string): Promise<void> {
  await write(file, { refusal });
}

/** The port that a worker has told; undefined as long as it has not. */
export async function readPort(file: string): Promise<number | undefined> {
  const { port } = await read(file);
  return Number.isInteger(port) && (port as number) >= 1_024 && (port as number) <= 65_535 ? (port as number) : undefined;
}

/** Why a worker can never serve its model, in one line; undefined when it has not said so. */
export async function readRefusal(file: string): Promise<string | undefined> {
  const { refusal } = await read(file);
  return typeof refusal === 'string' ? refusal.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim().slice(0, LONGEST_WORDS) || undefined : undefined;
}

async function write(file: string, told: object): Promise<void> {
  await writeFile(`${file}.part`, JSON.stringify(told));
  await rename(`${file}.part`, file);
}

/** Whatever lies there: a job may have put it there. */
async function read(file: string): Promise<{ port?: unknown; refusal?: unknown }> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) return {};
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LARGEST), 0, LARGEST, 0);
    return (JSON.parse(buffer.toString('utf8', 0, bytesRead)) as object | null) ?? {};
  } catch {
    return {};
  }
}
