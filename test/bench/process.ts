import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** How most files here are run. */
const LOADER = ['--import', '@oxc-node/core/register'];

/**
 * How files are run whose speed matters: by Node alone, as the loader rewrites the private fields of our packages and makes them
 * slow. They import each other by `.ts`.
 */
export const NATIVE: readonly string[] = [];

/** Runs a file of this folder as a process of its own while it is used; `line` is the first one that it prints. */
export async function withProcess<Result>(
  file: string,
  given: readonly string[],
  use: (line: string, child: ChildProcessByStdio<Writable, Readable, null>) => Promise<Result>,
  loader = LOADER as readonly string[],
): Promise<Result> {
  const child = spawn(process.execPath, [...loader, join(import.meta.dirname, file), ...given], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return await use(line, child);
  } finally {
    child.kill();
  }
}
