import { realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DATABASE_NAME } from './postgres-cluster.js';
import { findServer } from './postmaster-pid.js';
import { openClient } from './session-lock.js';

/** The URL of a database on the local server, as the owner of everything. */
export function databaseUrl(port: number, password: string, database: string = DATABASE_NAME): string {
  return `postgresql://${DATABASE_NAME}:${password}@127.0.0.1:${port}/${database}`;
}

const CANNOT_CONNECT_NOW = '57P03';
const NO_SUCH_DATABASE = '3D000';

/** How long a server that says nothing, and one that says it is starting or stopping, is waited for, in milliseconds. */
const SILENCE = 2_500;
const PATIENCE = 180_000;

/**
 * Asks the server that runs on a cluster whether it is ours: it must take our password and name this very cluster.
 * Waits while it starts, recovers or stops. Resolves to its port, or to undefined when it ended, answers to another
 * password or does not answer.
 */
export async function answeringPort(cluster: string, password: string): Promise<number | undefined> {
  const begin = performance.now();
  let patience = SILENCE;
  for (;;) {
    const server = findServer(cluster);
    if (!server) return undefined;
    if (server.port !== undefined) {
      try {
        return (await servedCluster(server.port, password)) === realpathSync(cluster) ? server.port : undefined;
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        if (code === CANNOT_CONNECT_NOW) patience = PATIENCE;
        else if (code.startsWith('28')) return undefined;
      }
    }
    if (performance.now() - begin > patience) return undefined;
    await delay(20);
  }
}

async function servedCluster(port: number, password: string): Promise<string | undefined> {
  const client = await openClient(databaseUrl(port, password, 'postgres'), 'hutong adopt');
  try {
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return rows[0]?.data_directory;
  } finally {
    await client.end();
  }
}

/** Makes the database `hutong` on a server that lacks it, as after a first start that was cut off; else does nothing. */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  try {
    const client = await openClient(databaseUrl(port, password), 'hutong start');
    await client.end();
    return;
  } catch (error) {
    if ((error as { code?: unknown }).code !== NO_SUCH_DATABASE) throw error;
  }
  const client = await openClient(databaseUrl(port, password, 'postgres'), 'hutong start');
  try {
    await client.query(`create database ${DATABASE_NAME}`);
  } finally {
    await client.end();
  }
}
