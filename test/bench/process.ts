import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Runs a file of this folder as a process of its own while it is used; `line` is the first one that it prints. */
export async function withProcess<Result>(
  file: string,
  given: readonly string[],
  use: (line: string, child: ChildProcessByStdio<Writable, Readable, null>) => Promise<Result>,
): Promise<Result> {
  const child = spawn(process.execPath, ['--import', '@oxc-node/core/register', join(import.meta.dirname, file), ...given], {
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
