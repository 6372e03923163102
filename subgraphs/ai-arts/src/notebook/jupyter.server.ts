import { createHmac, hkdfSync } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder, JobFolders } from '../job/job.folders.js';
import type { Notebook } from './notebook.entity.js';

/** Everything of notebooks is below this path on their origin. */
export const NOTEBOOKS_PATH = '/ai_arts/notebooks';

/** Where Jupyter and its pages think they are. */
export const basePath = (id: string): string => `${NOTEBOOKS_PATH}/${id}/`;

/** What a Jupyter server says of itself. */
export interface JupyterStatus {
  /** When somebody used it, or a kernel worked, last. */
  lastActivityAt: Date;
}

/** A run of a notebook, and the machine it is on. */
export type NotebookRun = Pick<Notebook, 'id' | 'runId' | 'host'>;

export interface JupyterServersParts {
  /** What the tokens are made of. */
  secret: string;
  /** The program and its first arguments. */
  command: readonly string[];
  folders: JobFolders;
  /** Whether jobs run on this machine, so that nobody else need reach them. */
  isOnThisMachine: () => boolean;
}

const KEY_BYTES = 32;
/** The first port that a server tries; it takes the next free one. */
const LOWEST_PORT = 20_000;
const PORTS = 12_000;
const PORT_TRIES = 500;
/** How the server tells where it listens: a file that it writes once it does. */
const INFO_FILE = /^jpserver-\d+\.json$/;
const LARGEST_INFO = 64 * 1024;
const STATUS_MS = 2_000;
const REMEMBERED = 1_000;

const info = z.object({ port: z.int().min(1_024).max(65_535) });
const status = z.object({ started: z.string(), last_activity: z.string() });

/** Jupyter servers as jobs: how one is started, where it listens and whether it answers. */
export class JupyterServers {
  readonly #parts: JupyterServersParts;
  readonly #key: Buffer;
  readonly #ports = new LRUCache<string, number>({ max: REMEMBERED });

  constructor(parts: JupyterServersParts) {
    this.#parts = parts;
    this.#key = Buffer.from(hkdfSync('sha256', parts.secret, '', 'hutong notebook', KEY_BYTES));
  }

  /** What the server of a run wants to see of whoever asks it; only this process and the run itself know it. */
  tokenOf({ runId }: Pick<Notebook, 'runId'>): string {
    return createHmac('sha256', this.#key).update(runId).digest('hex');
  }

  /** How the server of a notebook is started. It finds a free port by itself. */
  launchOf(job: Pick<Notebook, 'id' | 'runId' | 'codeFolder'>, folder: JobFolder): Pick<JobLaunch, 'argv' | 'environment' | 'workingFolder'> {
    const root = path.join(folder.work, job.codeFolder);
    const runtime = this.#runtimeFolder(job);
    const settings = {
      ip: this.#parts.isOnThisMachine() ? '127.0.0.1' : '0.0.0.0',
      port: LOWEST_PORT + (Number.parseInt(job.runId.slice(0, 8), 16) % PORTS),
      port_retries: PORT_TRIES,
      base_url: basePath(job.id),
      root_dir: root,
      open_browser: 'False',
      allow_root: 'True',
      allow_remote_access: 'True',
      quit_button: 'False',
    };
    return {
      argv: [...this.#parts.command, ...Object.entries(settings).map(([name, value]) => `--ServerApp.${name}=${value}`)],
      environment: {
        // In the environment, as everybody on the machine sees the arguments.
        JUPYTER_TOKEN: this.tokenOf(job),
        JUPYTER_RUNTIME_DIR: runtime,
        JUPYTER_CONFIG_DIR: path.join(runtime, 'config'),
        HOME: folder.path,
      },
      workingFolder: root,
    };
  }

  /** Where the server of a run listens; undefined as long as it does not. */
  async originOf(run: NotebookRun): Promise<string | undefined> {
    const host = this.#parts.isOnThisMachine() ? '127.0.0.1' : run.host;
    const port = this.#ports.get(run.runId) ?? (await this.#portOf(run));
    if (host === null || port === undefined) return undefined;
    this.#ports.set(run.runId, port);
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** What the server of a run says of itself; undefined when it does not answer. */
  async statusOf(run: NotebookRun, signal?: AbortSignal): Promise<JupyterStatus | undefined> {
    const origin = await this.originOf(run);
    if (origin === undefined) return undefined;
    try {
      const patience = AbortSignal.timeout(STATUS_MS);
      const answer = await fetch(`${origin}${basePath(run.id)}api/status`, { headers: { authorization: `token ${this.tokenOf(run)}` }, redirect: 'error', signal: signal ? AbortSignal.any([signal, patience]) : patience });
      const text = await textOf(answer);
      const { last_activity: last } = status.parse(JSON.parse(text));
      const at = Date.parse(last);
      if (Number.isNaN(at)) return undefined;
      return { lastActivityAt: new Date(Math.min(at, Date.now())) };
    } catch {
      this.#ports.delete(run.runId);
      return undefined;
    }
  }

  #runtimeFolder({ id, runId }: Pick<Notebook, 'id' | 'runId'>): string {
    return path.join(this.#parts.folders.of({ id }).path, 'jupyter', runId);
  }

  /** The folder is the notebook's own, who may have put anything there. */
  async #portOf(run: NotebookRun): Promise<number | undefined> {
    const folder = this.#runtimeFolder(run);
    const names = await readdir(folder).catch(() => []);
    const name = names.find((of) => INFO_FILE.test(of));
    if (name === undefined) return undefined;
    const text = await readSmallFile(path.join(folder, name)).catch(() => '');
    try {
      return info.parse(JSON.parse(text)).port;
    } catch {
      return undefined;
    }
  }
}

/** A regular file, and no more of it than it should have. */
async function readSmallFile(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) return '';
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LARGEST_INFO), 0, LARGEST_INFO, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function textOf(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > LARGEST_INFO) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
