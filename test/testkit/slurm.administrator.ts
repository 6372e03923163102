import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** An administrator's view of the Slurm for the tests, by its own programs. */
export class SlurmAdministrator {
  readonly #folder: string;

  /** @param scontrol that of the Slurm for the tests, which knows where it is */
  constructor(private readonly scontrol: string) {
    this.#folder = dirname(dirname(scontrol));
  }

  async cancel(engineId: string): Promise<void> {
    await this.#run('scancel', [engineId]);
  }

  /** How many jobs Slurm has, ended or not, that carry our id. */
  async jobsOf(id: string): Promise<string[]> {
    const { stdout } = await promisify(execFile)(this.scontrol, ['show', 'jobs', '--oneliner'], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.split('\n').flatMap((line) => (line.includes(`JobName=hutong-${id} `) ? /^JobId=(\d+)/.exec(line)![1]! : []));
  }

  /** Shuts the node for new jobs, or opens it again. */
  async drain(isDrained: boolean): Promise<void> {
    const { stdout } = await promisify(execFile)(this.scontrol, ['show', 'nodes', '--oneliner']);
    const node = /NodeName=(\S+)/.exec(stdout)![1]!;
    await promisify(execFile)(this.scontrol, ['update', `nodename=${node}`, ...(isDrained ? ['state=drain', 'reason=tests'] : ['state=resume'])]);
  }

  /** The process of one of its services, by name. */
  async pidOf(service: 'slurmctld' | 'slurmd' | 'slurmrestd'): Promise<number> {
    return Number((await readFile(join(this.#folder, 'run', `${service}.pid`), 'utf8')).split(' ')[0]);
  }

  async #run(program: string, args: string[]): Promise<void> {
    await promisify(execFile)(program, args, { env: { PATH: process.env.PATH, SLURM_CONF: join(this.#folder, 'slurm.conf') } });
  }
}
