import { readSettings, settingTypes, type Setting } from '@hutong/common';
import { readEnvironments } from './job/job.environments.js';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MIB = 2 ** 20;
const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** Every setting of this subgraph, beside those of its drivers. */
export const aiArtsEnvironment = {
  ENGINE_DRIVER: {
    schema: settingTypes.oneOf('local', 'slurm', 'none'),
    default: 'local',
    example: 'slurm',
    about: 'What runs notebooks and trainings: `local` (processes on this host), `slurm` or `none`.',
  },
  STORE_DRIVER: {
    schema: settingTypes.oneOf('disk', 's3'),
    default: 'disk',
    example: 's3',
    about: 'Where datasets, models and code are kept: `disk` (the data folder) or `s3`.',
  },
  ENGINE_LOCAL_UNISOLATED: {
    schema: settingTypes.flag(),
    default: 'false',
    example: 'true',
    about: 'Whether everybody may run jobs where the engine cannot keep them from the files and processes of others; else administrators only.',
  },
  JOB_ENVIRONMENTS: {
    schema: settingTypes.list().transform(readEnvironments),
    default: '',
    example: 'tensorflow-2.4=/opt/tf/bin/python,pytorch=/opt/torch/bin/python -u',
    about: 'Environments of the site beside `python`, `bash` and `node`, as `name=program and its first arguments`, which start files are given to.',
  },
  JOB_APPROVAL: { schema: settingTypes.flag(), default: 'false', example: 'true', about: 'Whether an administrator has to approve the jobs of others before they run.' },
  JOBS_AT_ONCE: { schema: settingTypes.integer(1, 1_000), default: '8', example: '16', about: 'How many jobs a process stages and submits at a time; more wait for their turn.' },
  JOBS_AHEAD: {
    schema: settingTypes.integer(1, 100_000),
    default: '100',
    example: '1000',
    about: 'How many jobs the engine is given before it runs them. The others wait with us, where users take turns.',
  },
  JOB_MEMORY_MIB: { schema: settingTypes.integer(1, 16_777_216), default: '2048', example: '8192', about: 'Memory of a job that does not say how much it needs.' },
  JOB_TIME_LIMIT_SECONDS: { schema: settingTypes.integer(1, 31_536_000), default: '604800', example: '86400', about: 'A training is ended after so long, even when it asks for more.' },
  JOB_STOP_GRACE_SECONDS: { schema: settingTypes.integer(0, 3_600), default: '10', example: '30', about: 'How long a job that is to end has between SIGTERM and SIGKILL.' },
  JOB_ORPHAN_GRACE_SECONDS: {
    schema: settingTypes.integer(0, 86_400),
    default: '600',
    example: '600',
    about: 'What carries an id of ours on the engine or among the folders of jobs, and belongs to no job, is ended and removed when it is so old.',
  },
  TRAININGS_PER_USER: { schema: settingTypes.integer(1, 1_000_000), default: '1000', example: '50', about: 'Trainings of one user that may wait and run at a time.' },
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of files and jobs, taken from the root of the repository.' },
} satisfies Record<string, Setting<unknown>>;

/** The settings as the subgraph uses them. */
export interface AiArtsSettings {
  engine: 'local' | 'slurm' | 'none';
  store: 'disk' | 's3';
  /** Whether others than administrators may run jobs on an engine that does not keep them apart. */
  runsUnisolated: boolean;
  /** Programs and their first arguments by the name of the environment. */
  environments: ReadonlyMap<string, readonly string[]>;
  jobsNeedApproval: boolean;
  jobsAtOnce: number;
  jobsAhead: number;
  jobMemoryBytes: number;
  jobTimeLimitSeconds: number;
  stopGraceSeconds: number;
  orphanGraceMs: number;
  trainingsPerUser: number;
  /** Absolute. */
  dataDirectory: string;
}

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readAiArtsSettings(environment: Readonly<Record<string, string | undefined>> = process.env): AiArtsSettings {
  const values = readSettings(aiArtsEnvironment, environment);
  return {
    engine: values.ENGINE_DRIVER,
    store: values.STORE_DRIVER,
    runsUnisolated: values.ENGINE_LOCAL_UNISOLATED,
    environments: values.JOB_ENVIRONMENTS,
    jobsNeedApproval: values.JOB_APPROVAL,
    jobsAtOnce: values.JOBS_AT_ONCE,
    jobsAhead: values.JOBS_AHEAD,
    jobMemoryBytes: values.JOB_MEMORY_MIB * MIB,
    jobTimeLimitSeconds: values.JOB_TIME_LIMIT_SECONDS,
    stopGraceSeconds: values.JOB_STOP_GRACE_SECONDS,
    orphanGraceMs: values.JOB_ORPHAN_GRACE_SECONDS * 1_000,
    trainingsPerUser: values.TRAININGS_PER_USER,
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
  };
}
