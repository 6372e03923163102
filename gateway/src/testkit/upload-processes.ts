import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A gateway with the subgraph of files, in processes of their own so that their memory and handles can be looked at. */
export interface UploadProcesses {
  readonly url: string;
  /** Where files are kept. */
  readonly folder: string;
  /** Of the gateway: memory now, and the most there ever was, in bytes. */
  memory(): Promise<{ resident: number; peak: number }>;
  /** Files and sockets that all processes hold open, those of a kept folder or a temporary file by name. */
  handles(): Promise<string[]>;
  temporaryFiles(): Promise<string[]>;
  stop(): Promise<void>;
}

interface Running {
  child: ChildProcess;
  port: string;
}

/** Where the subgraph is: in the gateway's process, or in one of its own. */
export type UploadPlace = 'here' | 'elsewhere';

/** Starts them on free ports; `place` is where the subgraph is. */
export async function uploadProcesses(place: UploadPlace): Promise<UploadProcesses> {
  const temporary = await mkdtemp(join(tmpdir(), 'hutong-uploads-'));
  const folder = await mkdtemp(join(tmpdir(), 'hutong-kept-'));
  const subgraph = place === 'elsewhere' ? await run(temporary, ['subgraph', folder]) : undefined;
  const gateway = await run(temporary, ['gateway', folder, ...(subgraph ? [`http://127.0.0.1:${subgraph.port}`] : [])]);
  const running = subgraph ? [gateway, subgraph] : [gateway];
  return {
    url: `http://127.0.0.1:${gateway.port}`,
    folder,
    async memory() {
      const status = await readFile(`/proc/${gateway.child.pid}/status`, 'utf8');
      const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]);
      return { resident: kilobytes('VmRSS') * 1_024, peak: kilobytes('VmHWM') * 1_024 };
    },
    async handles() {
      const held = await Promise.all(running.map(({ child }) => heldBy(child.pid!)));
      return held.flat();
    },
    temporaryFiles: () => readdir(temporary),
    async stop() {
      for (const { child } of running) {
        const ended = once(child, 'exit');
        child.kill();
        await ended;
      }
      await rm(temporary, { recursive: true });
      await rm(folder, { recursive: true });
    },
  };
}

async function run(temporary: string, role: string[]): Promise<Running> {
  const child = spawn(process.execPath, ['--import', '@oxc-node/core/register', join(import.meta.dirname, 'uploads.process.ts'), ...role], {
    cwd: import.meta.dirname,
    env: { PATH: '', TMPDIR: temporary, NODE_ENV: 'test' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the ${role[0]} ended at its start`)));
  const [port] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return { child, port };
}

async function heldBy(pid: number): Promise<string[]> {
  const handles = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(handles.map((handle) => readlink(`/proc/${pid}/fd/${handle}`).catch(() => '')));
  return targets.filter((target) => target.startsWith('/tmp') || target.startsWith('socket:') || target.includes('hutong-'));
}
