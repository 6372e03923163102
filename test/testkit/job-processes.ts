import { readdir, readFile } from 'node:fs/promises';

/** A variable that tests give every job in its environment, with the job's id. */
export const TEST_JOB = 'HUTONG_TEST_JOB';

/** The processes of a job on this host, found without any driver; its pid and command line each. */
export async function processesOfJob(id: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [environment, line] = await Promise.all([textOf(`/proc/${pid}/environ`), textOf(`/proc/${pid}/cmdline`)]);
      return environment.split('\0').includes(`${TEST_JOB}=${id}`) ? `${pid} ${line.replaceAll('\0', ' ').trim()}` : null;
    }),
  );
  return found.filter((one) => one !== null);
}

const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
