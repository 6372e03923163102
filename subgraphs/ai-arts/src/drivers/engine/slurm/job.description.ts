import type { EngineJobSpec } from '../engine.js';
import { controlFolderOf, logPath } from './control.folder.js';
import type { OurMark } from './our.mark.js';
import type { SlurmSettings } from './slurm.settings.js';
import { WITH_SLASHED_GPUS, WITH_STRUCTURED_NUMBERS } from './slurm.version.js';

const MIB = 1024 ** 2;
const SECONDS = 60;
/** The batch script keeps the limit to the second; Slurm's own, in minutes, is behind it. */
const SPARE_MINUTES = 2;

/** The content of `job/submit` in the words of this version. */
export function jobDescription(spec: EngineJobSpec, script: string, settings: SlurmSettings, mark: OurMark, version: number): object {
  const isStructured = version >= WITH_STRUCTURED_NUMBERS;
  const number = (value: number): unknown => (isStructured ? { set: true, infinite: false, number: value } : value);
  const variables = { PATH: settings.searchPath, HOME: spec.folder, LANG: 'C.UTF-8', HUTONG_JOB: spec.id, HUTONG_CONTROL: controlFolderOf(spec) };
  const job = {
    name: mark.name(spec.id),
    comment: mark.comment(spec.id, spec.name),
    environment: isStructured ? Object.entries(variables).map(([name, value]) => `${name}=${value}`) : variables,
    current_working_directory: spec.folder,
    standard_output: slurmPath(logPath(spec, 0)),
    open_mode: 'append',
    tasks: spec.tasks,
    cpus_per_task: spec.cpus,
    // Without it a job has all memory of its machine. Several tasks may be on several machines.
    ...(spec.tasks === 1 ? { memory_per_node: number(mebibytes(spec.memoryBytes)) } : { memory_per_cpu: number(mebibytes(spec.memoryBytes / spec.cpus)) }),
    ...gpus(spec, version),
    ...(spec.timeLimitSeconds === null ? {} : { time_limit: number(Math.ceil(spec.timeLimitSeconds / SECONDS) + SPARE_MINUTES) }),
    // A job that its machine lost is told as lost, not begun again behind our back.
    ...(isStructured ? { requeue: false } : { no_requeue: true }),
    ...(settings.partition === undefined ? {} : { partition: settings.partition }),
    ...(settings.account === undefined ? {} : { account: settings.account }),
    ...(settings.qos === undefined ? {} : { qos: settings.qos }),
  };
  return { script, job };
}

export const mebibytes = (bytes: number): number => Math.max(1, Math.ceil(bytes / MIB));

function gpus({ gpus: count, gpuModel, tasks }: EngineJobSpec, version: number): object {
  if (count === 0) return {};
  const kind = gpuModel === null ? `${count}` : `${gpuModel}:${count}`;
  if (version < WITH_STRUCTURED_NUMBERS) return tasks === 1 ? { gres: `gpu:${kind}` } : { gpus_per_task: kind };
  const tres = `${version >= WITH_SLASHED_GPUS ? 'gres/gpu' : 'gres:gpu'}:${kind}`;
  return tasks === 1 ? { tres_per_node: tres } : { tres_per_task: tres };
}

/** A path in which Slurm is to replace nothing. */
const slurmPath = (path: string): string => path.replaceAll('%', '%%');
