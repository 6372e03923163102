import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../subgraphs/common/src/database/embedded-postgres.js';

/** Starts the one PostgreSQL server that all test files of a run share, each with databases of its own. */
export default async function databaseServer(project: TestProject): Promise<() => Promise<void>> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hutong-test-'));
  const server = await startEmbeddedPostgres({ dataDirectory, onProgress: () => undefined });
  project.provide('databaseServer', server.url);
  return async () => {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}
