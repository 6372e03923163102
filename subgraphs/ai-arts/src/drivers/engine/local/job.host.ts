import { execFile } from 'node:child_process';
import { access, constants, mkdir, readlink, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { EngineError, type EngineJobSpec } from '../engine.js';
import type { HostGpu } from './host.capacity.js';
import { canReach, jobAccount, reachableNode } from './job.account.js';
import { SANDBOX_BIN, SANDBOX_PROCESSES, sandboxArguments, type SandboxSite } from './job.sandbox.js';
import type { KeeperPlan } from './keeper.plan.js';
import { INSTALL_BUBBLEWRAP, type LocalEngineSettings } from './local.settings.js';

const run = promisify(execFile);
const PROBE_MS = 20_000;
const UNISOLATED = 'so jobs can see the files and processes of others, and only administrators should run any';

/** How jobs are run on this host; found out once. */
interface JobPlace {
  site: SandboxSite;
  nice: string;
  prlimit: string;
  isolated: boolean;
  /** What an administrator should know. */
  message: string | null;
}

/** Makes commands of jobs, in a sandbox where one works. */
export class JobHost {
  private found: Promise<JobPlace> | undefined;

  /** @param engineFolder absolute */
  constructor(
    private readonly settings: LocalEngineSettings,
    private readonly engineFolder: string,
  ) {}

  /** MISCONFIGURED, with what to do, when no job can be run here. */
  async readiness(): Promise<{ isolated: boolean; message: string | null }> {
    const { isolated, message } = await this.place();
    return { isolated, message };
  }

  /** How the tasks of a job are started, but for what the queue knows. */
  async commands(spec: EngineJobSpec, temporary: string, gpus: readonly HostGpu[]): Promise<Pick<KeeperPlan, 'tasks' | 'user' | 'owner' | 'wrappers' | 'marker'>> {
    const { site, nice, prlimit, isolated } = await this.place();
    const before = isolated ? await sandboxArguments(site, spec, temporary, gpus) : [];
    const gpusOf = (rank: number) => gpus.slice(rank * spec.gpus, (rank + 1) * spec.gpus);
    // Beyond this an allocation fails, should the keeper not see in time what the job takes.
    const limits = ['--core=0', `--data=${3 * spec.memoryBytes + SPARE_BYTES}`, ...(isolated || site.account ? [`--nproc=${MOST_PROCESSES}`] : [])];
    const environment = {
      PATH: `${isolated ? SANDBOX_BIN : await this.binFolder(site.node)}:${this.settings.jobPath}`,
      HOME: spec.folder,
      TMPDIR: isolated ? '/tmp' : temporary,
      LANG: 'C.UTF-8',
      OMP_NUM_THREADS: String(spec.cpus),
      ...spec.environment,
      WORLD_SIZE: String(spec.tasks),
      [MARKER]: spec.id,
    };
    const tasks = Array.from({ length: spec.tasks }, (_, rank) => ({
      argv: [...before, nice, '-n', NICENESS, prlimit, ...limits, '--', ...spec.argv],
      environment: { CUDA_VISIBLE_DEVICES: gpusOf(rank).map(({ id }) => id).join(','), ...environment, RANK: String(rank) },
      log: logFile(spec.folder, rank),
    }));
    return { tasks, user: isolated ? null : site.account, owner: site.account, wrappers: isolated ? SANDBOX_PROCESSES : 0, marker: `${MARKER}=${spec.id}` };
  }

  private place(): Promise<JobPlace> {
    this.found ??= this.find().catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  private async find(): Promise<JobPlace> {
    if (process.platform !== 'linux') throw new EngineError('MISCONFIGURED', 'jobs on this host need Linux');
    const { dataDirectory, sandbox, user } = this.settings;
    const account = await jobAccount(user);
    const [nice, prlimit, setpriv] = await Promise.all([required('nice'), required('prlimit'), required('setpriv'), required('flock')]);
    const programs = { nice, prlimit };
    const site = { bwrap: (await find('bwrap', this.settings.searchPath)) ?? '', setpriv, node: process.execPath, account, dataDirectory, readOnly: this.settings.readOnly };
    const fault = sandbox === 'none' ? 'ENGINE_LOCAL_SANDBOX is "none"' : await this.probe(site);
    if (fault === null) return { site, ...programs, isolated: true, message: null };
    if (sandbox === 'bubblewrap') throw new EngineError('MISCONFIGURED', `ENGINE_LOCAL_SANDBOX is "bubblewrap", and ${fault}`);
    if (account && !(await canReach(account, await this.binFolder(process.execPath)))) {
      throw new EngineError('MISCONFIGURED', `${fault}, and the user ${user}, which jobs run as, cannot enter the data folder: move it, or install bubblewrap (${INSTALL_BUBBLEWRAP})`);
    }
    return { site: { ...site, node: await reachableNode(account) }, ...programs, isolated: false, message: `${fault}, ${UNISOLATED}` };
  }

  /** Runs nothing in a sandbox like a job's; null when it works, else why not. */
  private async probe(site: SandboxSite): Promise<string | null> {
    if (site.bwrap === '') return `bubblewrap is not installed (${INSTALL_BUBBLEWRAP})`;
    const folder = path.join(this.engineFolder, '.probe');
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const [program, ...args] = await sandboxArguments(site, { folder, workingFolder: folder, readOnly: [], network: false }, folder, []);
    try {
      await run(program!, [...args, 'node', '--version'], { env: { PATH: `${SANDBOX_BIN}:${this.settings.jobPath}`, LC_ALL: 'C' }, timeout: PROBE_MS });
      return null;
    } catch (error) {
      const words = (error as { stderr?: string }).stderr?.trim().split('\n')[0] || 'it does not start a program';
      return `bubblewrap does not work here (${words.slice(0, 200)})`;
    }
  }

  /** A folder with nothing in it but our Node. */
  private async binFolder(node: string): Promise<string> {
    const folder = path.join(this.engineFolder, '.bin');
    const link = path.join(folder, 'node');
    if ((await readlink(link).catch(() => null)) === node) return folder;
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const part = `${link}.${process.pid}`;
    await symlink(node, part);
    await rename(part, link);
    return folder;
  }
}

const MARKER = 'HUTONG_ENGINE_JOB';
const SPARE_BYTES = 1024 ** 3;
/** Jobs get the processor after us, and after their keepers. */
const NICENESS = '5';
/** Of one user: a job that does nothing but fork comes to an end. */
const MOST_PROCESSES = 8_192;

/** The log of a task. The job cannot put it under another folder's name, for it lies in the job's folder itself. */
export const logFile = (folder: string, task: number): string => path.join(folder, `task-${task}.log`);

async function required(program: string): Promise<string> {
  const found = await find(program, '/usr/bin:/bin');
  if (found === undefined) throw new EngineError('MISCONFIGURED', `${program} is not installed; it comes with coreutils or util-linux`);
  return found;
}

async function find(program: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter).filter(path.isAbsolute)) {
    const file = path.join(folder, program);
    if (await access(file, constants.X_OK).then(() => true, () => false)) return file;
  }
  return undefined;
}
