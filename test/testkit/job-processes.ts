import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A variable that tests give every job in its environment, with the job's id. */
export const TEST_JOB = 'HUTONG_TEST_JOB';

/** The processes of jobs on this host, found without any driver; the pid and command line of each. */
export async function processesOfJob(...ids: string[]): Promise<string[]> {
  const marks = new Set(ids.map((id) => `${TEST_JOB}=${id}`));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [environment, line] = await Promise.all([textOf(`/proc/${pid}/environ`), textOf(`/proc/${pid}/cmdline`)]);
      return environment.split('\0').some((variable) => marks.has(variable)) ? `${pid} ${line.replaceAll('\0', ' ').trim()}` : null;
    }),
  );
  return found.filter((one) => one !== null);
}

/** Ends what jobs of a platform have left running, as they outlive it: keepers, which name their folder, and what those have started. */
export async function endJobsBelow(dataDirectory: string): Promise<void> {
  const jobs = join(dataDirectory, 'ai-arts');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      const [environment, line] = await Promise.all([textOf(`/proc/${pid}/environ`), textOf(`/proc/${pid}/cmdline`)]);
      if (environment.includes(jobs) || line.includes(jobs)) endProcess(Number(pid));
    }),
  );
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
