import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRunning } from './processes.js';

const SCRIPT = join(import.meta.dirname, '../engines/slurm/slurm.sh');

/** Has a file for each run of the tests that uses the Slurm, named by the run's process; and one that says that a run has started it. */
const USERS = join(tmpdir(), 'hutong-test-slurm');
const STARTED_BY_TESTS = 'started by tests';

/** How to use the Slurm for the tests, as `ENGINE_SLURM_…` variables. It is started when it does not run, which takes a second. */
export async function slurmEnvironment(): Promise<Record<string, string>> {
  await mkdir(USERS, { recursive: true });
  // Workers of one run are children of the same process.
  await writeFile(join(USERS, String(process.ppid)), '');
  const isUp = await slurmSh('status').then(
    () => true,
    () => false,
  );
  if (!isUp) await writeFile(join(USERS, STARTED_BY_TESTS), '');
  const { stdout } = await slurmSh('up');
  const settings = await readFile(/settings: (\S+)$/m.exec(stdout)![1]!, 'utf8');
  return Object.fromEntries([...settings.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
}

/** At the end of a run: ends the Slurm that tests have started, unless another run uses it. */
export async function endSlurm(): Promise<void> {
  const users = await readdir(USERS).catch((): string[] => []);
  if (!users.includes(String(process.pid))) return;
  await rm(join(USERS, String(process.pid)), { force: true });
  const areOthers = users.some((user) => user !== String(process.pid) && /^\d+$/.test(user) && isRunning(Number(user)));
  if (areOthers || !users.includes(STARTED_BY_TESTS)) return;
  await slurmSh('down');
  await rm(USERS, { recursive: true, force: true });
}

/** Runs `up`, `down` or `status` of the Slurm for the tests. */
export function slurmSh(command: 'up' | 'down' | 'status'): Promise<{ stdout: string }> {
  return promisify(execFile)('bash', [SCRIPT, command]);
}
