import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EngineError, type EngineJobSpec } from '../engine.js';
import { giveTo } from '../job.ownership.js';
import { ControlFolder } from './control.folder.js';
import type { SlurmSettings } from './slurm.settings.js';

const NODE = 'node';

/** Writes down what a job is to run, as slurm/job.sh reads it, in the job's folder. */
export class JobPreparation {
  #owner: Promise<{ uid: number; gid: number }> | undefined;

  constructor(private readonly settings: Pick<SlurmSettings, 'user' | 'node'>) {}

  /**
   * The folder belongs to the user that jobs run as from then on.
   *
   * @throws INVALID, MISCONFIGURED, NOT_FOUND when the job's folder is not there
   */
  async prepare(spec: EngineJobSpec): Promise<void> {
    const command = this.#command(spec);
    const owner = process.geteuid?.() === 0 ? await this.#jobUser() : undefined;
    const control = await ControlFolder.make(spec).catch((error: NodeJS.ErrnoException) => {
      throw new EngineError('NOT_FOUND', `the folder of the job cannot be used (${error.code ?? error.message})`, { cause: error });
    });
    try {
      // Before the job can be running: from then on everything in there is its own.
      if (owner) giveTo(owner, spec.folder);
      await control.write('command', command);
    } finally {
      await control.close();
    }
  }

  #command({ argv, environment, workingFolder, timeLimitSeconds }: EngineJobSpec): Buffer {
    const [program = '', ...args] = argv;
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const strings = [workingFolder, String(timeLimitSeconds ?? 0), String(variables.length), ...variables, program === NODE ? this.settings.node : program, ...args];
    // `env` would take it for a variable.
    if (program === '' || program.includes('=')) throw new EngineError('INVALID', `${JSON.stringify(program)} is no program that Slurm can start`);
    if (Object.keys(environment).some((name) => name === '' || name.includes('='))) throw new EngineError('INVALID', 'a variable of the environment has no name, or one with "="');
    if (strings.some((text) => text.includes('\0'))) throw new EngineError('INVALID', 'an argument or a variable has a NUL character');
    return Buffer.from(strings.map((text) => `${text}\0`).join(''));
  }

  #jobUser(): Promise<{ uid: number; gid: number }> {
    this.#owner ??= this.#askUser().catch((error: unknown) => {
      this.#owner = undefined;
      throw error;
    });
    return this.#owner;
  }

  async #askUser(): Promise<{ uid: number; gid: number }> {
    const { user } = this.settings;
    try {
      const [uid, gid] = await Promise.all(['-u', '-g'].map(async (option) => Number((await promisify(execFile)('id', [option, '--', user])).stdout)));
      return { uid: uid!, gid: gid! };
    } catch (error) {
      throw new EngineError('MISCONFIGURED', `there is no user ${JSON.stringify(user)} (ENGINE_SLURM_USER) on this machine, who must own the folders of jobs`, { cause: error });
    }
  }
}
