import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isServerOf } from './system-process.js';

/** What a PostgreSQL server says of itself in `postmaster.pid` of its cluster folder. */
export interface PostmasterPid {
  /** Process id of the server, which may be long gone. */
  readonly pid: number;
  /** TCP port on 127.0.0.1; undefined while the server has not chosen it yet. */
  readonly port: number | undefined;
  /** `ready` once connections are accepted; empty before the server has written it. */
  readonly status: 'starting' | 'ready' | 'stopping' | 'standby' | '';
}

/** An id no system hands out (Linux stops at 2^22), so PostgreSQL always finds its process gone. */
const NOBODYS_PID = 2_147_483_647;

/** Reads `postmaster.pid`, complete or half written; undefined when there is none or it holds no process id. */
export function readPostmasterPid(cluster: string): PostmasterPid | undefined {
  let lines: string[];
  try {
    lines = readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const port = Number(lines[3]);
  return {
    pid,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    status: (lines[7]?.trim() ?? '') as PostmasterPid['status'],
  };
}

/** The server that runs on this cluster now, whoever started it; undefined when none does. */
export function findServer(cluster: string): PostmasterPid | undefined {
  const found = readPostmasterPid(cluster);
  return found && isServerOf(found.pid, cluster) ? found : undefined;
}

/**
 * Makes a stale `postmaster.pid` harmless: its process id may now belong to another program, to a zombie or even to the
 * server about to start, and the first two PostgreSQL takes for a living server. Only the id is replaced: the line
 * with the shared memory key stays, because by it PostgreSQL notices orphaned backends that still write to the cluster.
 * Does nothing while a real server runs.
 */
export function disownStalePid(cluster: string): void {
  const found = readPostmasterPid(cluster);
  if (!found || found.pid === NOBODYS_PID || isServerOf(found.pid, cluster)) return;
  const file = path.join(cluster, 'postmaster.pid');
  const [, ...rest] = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [NOBODYS_PID, ...rest].join('\n'));
}
