import type { JobLaunch } from '../job/job.entity.js';

/** What a task gets of processors and GPUs: `cpu` and a number of them; else a GPU by its name (`gpu`: any), a number of them, and a processor each. */
export function deviceOf({ deviceType, deviceNum }: { deviceType: string; deviceNum: number }): Pick<JobLaunch, 'cpus' | 'gpus' | 'gpuModel'> {
  const name = deviceType.toLowerCase();
  if (name === 'cpu') return { cpus: deviceNum, gpus: 0, gpuModel: null };
  return { cpus: deviceNum, gpus: deviceNum, gpuModel: name === 'gpu' ? null : deviceType };
}
