import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '@hutong/common';
import { endOpenStack } from './openstack.js';

/** Starts the one PostgreSQL server that all test files of a run share, each with databases of its own. */
export default async function databaseServer(project: TestProject): Promise<() => Promise<void>> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hutong-test-'));
  // As root the server runs as another user, who must be able to enter.
  await chmod(dataDirectory, 0o755);
  const server = await startEmbeddedPostgres({ dataDirectory, onProgress: () => undefined });
  project.provide('databaseServer', server.url);
  return async () => {
    await server.stop();
    await deleteEmbeddedPostgres(dataDirectory);
    await endOpenStack();
  };
}
