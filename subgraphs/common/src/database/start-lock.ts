import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseStartError } from './database-start.error.js';

/** How long one start waits for another on the same folder before it gives up, in milliseconds. */
const PATIENCE = 120_000;

/**
 * Runs `work` while no other process of this machine is inside `withStartLock` for the same data folder. It guards the
 * time in which no server runs yet whose advisory locks could. The lock is a local socket's name, which the system
 * frees with the process however that ends. `onWait` is called once if another holds it; after two minutes of waiting
 * the start is refused.
 */
export async function withStartLock<Result>(
  folder: string,
  work: () => Promise<Result>,
  onWait: () => void = () => undefined,
): Promise<Result> {
  const lock = await take(address(folder), folder, onWait);
  try {
    return await work();
  } finally {
    await new Promise((resolve) => lock.close(resolve));
  }
}

function address(folder: string): string {
  const name = `hutong-start-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(tmpdir(), `${name}.sock`);
}

async function take(name: string, folder: string, onWait: () => void): Promise<Server> {
  const deadline = performance.now() + PATIENCE;
  for (let waited = false; ; waited = true) {
    const server = await listen(name);
    if (server) return server;
    if (!waited) onWait();
    if (performance.now() > deadline) {
      throw new DatabaseStartError(
        'ALREADY_RUNNING',
        `Another start on the data folder ${folder} has not finished for two minutes: stop it first.`,
      );
    }
    if (!waited && name.startsWith('/')) await removeDeadSocket(name);
    await delay(30);
  }
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });
}

/** Only where sockets are files: one whose owner was killed stays behind and refuses connections. */
function removeDeadSocket(file: string): Promise<void> {
  return new Promise((resolve) => {
    const probe = connect(file);
    probe.once('connect', () => resolve(void probe.destroy()));
    probe.once('error', () => resolve(rmSync(file, { force: true })));
  });
}
