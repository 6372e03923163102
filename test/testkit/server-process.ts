import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './processes.js';

const REPOSITORY = join(import.meta.dirname, '../..');
/** What a subgraph says, or the banner of a gateway. */
const LISTENS = /(?:listens on|GraphQL) +(http:\/\/[^\s/]+)/;

/** A part of the platform that a test runs alone. */
export interface ServerProcess {
  /** Where it listens. */
  readonly url: string;
  /** Everything it has printed so far. */
  output(): string;
  /** SIGTERM, and waits; answers the exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts a part by its main file and waits until it says where it listens: on a free port, where the environment says no other.
 *
 * @param main from the repository's root: `subgraphs/scheduling/dist/main.js`
 */
export async function startServer(main: string, environment: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [join(REPOSITORY, main)], {
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await exited)[0];
  };
  await until(`${main} to listen`, () => {
    if (child.exitCode !== null) throw new Error(`${main} ended with ${child.exitCode}:\n${output}`);
    return LISTENS.test(output);
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url: LISTENS.exec(output)![1]!, output: () => output, stop };
}
