import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, copyFile, cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { isRunning, until } from './processes.js';

const SCRIPT = join(import.meta.dirname, '../engines/slurm/slurm.sh');

/** A Slurm of one suite alone: it starts in a second or two. */
export class TestSlurm {
  private constructor(
    private readonly folder: string,
    private readonly ports: string,
    /** How to use it, as `ENGINE_SLURM_…` variables. */
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async start(): Promise<TestSlurm> {
    const folder = await mkdtemp(join(tmpdir(), 'hutong-slurm-'));
    await chmod(folder, 0o755);
    const ports = (await Promise.all([freePort(), freePort(), freePort()])).join(' ');
    const { stdout } = await slurmSh(folder, ports, 'up');
    const settings = await readFile(/settings: (\S+)$/m.exec(stdout)![1]!, 'utf8');
    // Ours may lie where the user that jobs run as cannot go.
    const node = join(folder, 'node');
    await copyFile(process.execPath, node, constants.COPYFILE_FICLONE);
    return new TestSlurm(folder, ports, { ...Object.fromEntries([...settings.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!])), ENGINE_SLURM_NODE: node });
  }

  /** Settings of a platform that runs everybody's jobs on it. */
  get platformSettings(): Record<string, string> {
    return { ...this.environment, ENGINE_DRIVER: 'slurm', ENGINE_LOCAL_UNISOLATED: 'true', JOB_MEMORY_MIB: '256', JOB_STOP_GRACE_SECONDS: '1', JOB_ORPHAN_GRACE_SECONDS: '0' };
  }

  /** Starts what of it does not run. */
  async up(): Promise<void> {
    await slurmSh(this.folder, this.ports, 'up');
  }

  /** Ends it, its jobs too, and deletes what it has stored. */
  async remove(): Promise<void> {
    await slurmSh(this.folder, this.ports, 'clean');
    await rm(this.folder, { recursive: true, force: true });
  }

  async cancel(engineId: string): Promise<void> {
    await this.#run('scancel', [engineId]);
  }

  /** The Slurm jobs, ended or not, that carry our id. */
  async jobsOf(id: string): Promise<string[]> {
    const lines = (await this.#run('scontrol', ['show', 'jobs', '--oneliner'])).split('\n');
    return lines.flatMap((line) => (line.includes(`JobName=hutong-${id} `) ? /^JobId=(\d+)/.exec(line)![1]! : []));
  }

  /** Our ids of the jobs that wait or run. */
  async livingJobs(): Promise<string[]> {
    const lines = (await this.#run('scontrol', ['show', 'jobs', '--oneliner'])).split('\n');
    return lines.flatMap((line) => (/ JobState=(?:PENDING|CONFIGURING|RUNNING|COMPLETING|SUSPENDED)/.test(line) ? (/JobName=hutong-(\S+) /.exec(line)?.[1] ?? []) : [])).toSorted();
  }

  /** Shuts the node for new jobs, or opens it again. */
  async drain(isDrained: boolean): Promise<void> {
    const node = /NodeName=(\S+)/.exec(await this.#run('scontrol', ['show', 'nodes', '--oneliner']))![1]!;
    await this.#run('scontrol', ['update', `nodename=${node}`, ...(isDrained ? ['state=drain', 'reason=tests'] : ['state=resume'])]);
  }

  /** Waits until slurmctld has on disk what it knows now, which it writes every few seconds; what it has not is lost when it is killed. */
  async untilSaved(): Promise<void> {
    const since = Date.now();
    await until('slurmctld to save its state', async () => {
      await this.#run('scontrol', ['update', 'partitionname=closed', 'state=down']);
      return (await stat(join(this.folder, 'slurm/state/job_state'))).mtimeMs > since;
    });
  }

  /** Has slurmctld die before it has saved anything of what happens during `work`, and start again without it. */
  async forgetting(work: () => Promise<unknown>): Promise<void> {
    const [state, saved] = ['state', 'saved'].map((name) => join(this.folder, 'slurm', name)) as [string, string];
    // What it has on disk is of some moment before, and is being replaced now and then.
    await until('a copy of what slurmctld has saved', () => cp(state, saved, { recursive: true, force: true }).then(() => true, () => false));
    await work();
    await this.kill('slurmctld');
    await rm(state, { recursive: true });
    await rename(saved, state);
    await this.up();
  }

  /** Kills one of its services, which tells nobody. */
  async kill(service: 'slurmctld' | 'slurmd' | 'slurmrestd'): Promise<void> {
    const pid = Number((await readFile(join(this.folder, 'slurm/run', `${service}.pid`), 'utf8')).split(' ')[0]);
    process.kill(pid, 'SIGKILL');
    await until(`the end of ${service}`, () => !isRunning(pid));
  }

  async #run(program: string, args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, SLURM_CONF: join(this.folder, 'slurm/slurm.conf') };
    return (await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  }
}

function slurmSh(folder: string, ports: string, command: 'up' | 'clean'): Promise<{ stdout: string }> {
  return promisify(execFile)('bash', [SCRIPT, command], { env: { PATH: process.env.PATH, ENGINES_DIR: folder, SLURM_PORTS: ports } });
}
