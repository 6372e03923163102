import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Served, Usage } from './measured.process.js';

/** A program that answers GraphQL. */
export interface GatewayProgram {
  /** In this folder. */
  file: string;
  /** Beside what every one is given. */
  options?: readonly string[];
  /** Of Node.js. */
  node?: readonly string[];
}

const START_MS = 60_000;

/** A gateway in a process of its own, so that what it takes can be told from what callers and subgraphs take. */
export class MeasuredGateway {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start({ file, options = [], node = [] }: GatewayProgram, served: Served): Promise<MeasuredGateway> {
    // Without the loader that runs other files here: it rewrites the private fields of our packages, which makes them slow.
    const child = spawn(process.execPath, [...node, join(import.meta.dirname, file), JSON.stringify(served), ...options], {
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    try {
      const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)));
      const [{ url }] = (await Promise.race([once(child, 'message', { signal: AbortSignal.timeout(START_MS) }), ended])) as [{ url: string }];
      ended.catch(() => undefined);
      return new MeasuredGateway(child, url);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  async usage(): Promise<Usage> {
    this.#child.send('usage');
    const [usage] = (await once(this.#child, 'message')) as [Usage];
    return usage;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
