import { readSettings, SettingError, settingTypes, type Setting } from '@hutong/common';
import { readEnvironments } from './job/job.environments.js';
import { readLabelServerSettings, type LabelServerSettings } from './labelling/environment.js';
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
  NOTEBOOK_COMMAND: {
    schema: settingTypes.text().transform((text) => text.trim().split(/\s+/)).refine(([program]) => program !== '', 'expected a program'),
    default: 'jupyter-server',
    example: '/opt/conda/bin/jupyter lab',
    about: 'Program that serves a notebook, with its first arguments, on the PATH of the engine or absolute: Jupyter Server or anything that is built on it.',
  },
  NOTEBOOK_IDLE_HOURS: { schema: settingTypes.integer(0, 87_600), default: '24', example: '8', about: 'A notebook that nobody uses is stopped after so many hours, and keeps its files; 0: never.' },
  NOTEBOOKS_PER_USER: { schema: settingTypes.integer(1, 1_000_000), default: '4', example: '2', about: 'Notebooks of one user that may wait and run at a time.' },
  TRAININGS_PER_USER: { schema: settingTypes.integer(1, 1_000_000), default: '1000', example: '50', about: 'Trainings of one user that may wait and run at a time.' },
  INFERENCE_RUNTIME: {
    schema: settingTypes.oneOf('onnx', 'oip'),
    default: 'onnx',
    example: 'oip',
    about: 'What serves models: `onnx` (a worker on the engine for each service), or `oip` (an inference server of the site that speaks the Open Inference Protocol, such as Triton or KServe).',
  },
  OIP_URL: { schema: settingTypes.url('http', 'https').optional(), example: 'http://triton.example:8000', about: 'Where the inference server of `INFERENCE_RUNTIME=oip` listens. It must serve each model under the name that the model has here.' },
  OIP_TOKEN: { schema: settingTypes.text().refine((text) => /^\S+$/.test(text), 'expected a text without spaces').optional(), example: 'a-long-secret', about: 'Bearer token that the inference server asks for. Empty: none.' },
  INFERENCE_SERVICES_PER_USER: { schema: settingTypes.integer(1, 1_000_000), default: '4', example: '20', about: 'Inference services of one user that may wait and run at a time.' },
  INFERENCE_QUEUE: { schema: settingTypes.integer(1, 100_000), default: '100', example: '1000', about: 'Requests that one inference service may have at a time in a process; more are refused.' },
  INFERENCE_SLEEP_MINUTES: { schema: settingTypes.integer(0, 5_256_000), default: '0', example: '60', about: 'An inference service that nobody asks for so long is stopped until somebody does; 0: never.' },
  INFERENCE_RESTARTS: { schema: settingTypes.integer(0, 1_000), default: '5', example: '20', about: 'How often in a row the worker of an inference service that died is started again, after 1 s, 2 s, 4 s and so on.' },
  INFERENCE_IMAGE_BYTES: { schema: settingTypes.integer(1, 2 ** 32), default: String(100 * MIB), example: '10485760', about: 'Largest picture that is recognised, in bytes.' },
  INFERENCE_IMAGE_PIXELS: { schema: settingTypes.integer(1, 2 ** 30), default: '100000000', example: '25000000', about: 'Pixels that a picture to be recognised may have.' },
  INFERENCE_DECODERS: { schema: settingTypes.integer(1, 1_000), default: '2', example: '8', about: 'Pictures that a process of the subgraph decodes at a time, each in a small process of its own.' },
  INFERENCE_IMAGES_PER_USER: { schema: settingTypes.integer(1, 1_000_000), default: '100', example: '1000', about: 'Uploaded pictures of one user that are kept to be recognised; with one more the oldest goes.' },
  INFERENCE_IMAGE_MINUTES: { schema: settingTypes.integer(1, 525_600), default: '60', example: '1440', about: 'How long an uploaded picture is kept.' },
  AI_ARTS_UNPACKED_BYTES: { schema: settingTypes.integer(1, Number.MAX_SAFE_INTEGER), default: String(50 * 1024 ** 3), example: '10737418240', about: 'What an archive may unpack to, in bytes.' },
  AI_ARTS_UNPACKED_FILES: { schema: settingTypes.integer(1, 10_000_000), default: '100000', example: '500000', about: 'Files and folders that an archive may hold.' },
  AI_ARTS_UNPACK_RATIO: { schema: settingTypes.integer(1, 10_000), default: '200', example: '200', about: 'How many times as large as itself an archive may unpack to, beyond the first 64 MiB.' },
  AI_ARTS_UNPACKS: { schema: settingTypes.integer(1, 1_000), default: '4', example: '16', about: 'Archives that a process of the subgraph unpacks at a time; others wait for their turn.' },
  AI_ARTS_UNCLAIMED_HOURS: { schema: settingTypes.integer(1, 8_760), default: '24', example: '72', about: 'An upload that nothing uses is deleted after so many hours.' },
  AI_ARTS_DELETED_HOURS: { schema: settingTypes.integer(0, 8_760), default: '24', example: '168', about: 'Files of what was deleted are kept for so many hours more.' },
  AI_ARTS_CACHE_BYTES: { schema: settingTypes.integer(0, Number.MAX_SAFE_INTEGER), default: String(100 * 1024 ** 3), example: '1099511627776', about: 'What the cache of files that jobs read may hold, in bytes; what a job uses stays whatever it holds.' },
  AI_ARTS_RESUMABLE_BYTES: { schema: settingTypes.integer(1, Number.MAX_SAFE_INTEGER), default: String(100 * 1024 ** 3), example: '1099511627776', about: 'Largest file that is uploaded by the tus protocol.' },
  AI_ARTS_RESUMABLE_UPLOADS: { schema: settingTypes.integer(1, 10_000), default: '20', example: '100', about: 'Uploads by the tus protocol that one user may have begun and not ended.' },
  AI_ARTS_RESUMABLE_HOURS: { schema: settingTypes.integer(1, 8_760), default: '24', example: '72', about: 'How long after its beginning such an upload may be resumed.' },
  AI_ARTS_USER_BYTES: { schema: settingTypes.integer(0, Number.MAX_SAFE_INTEGER), default: String(500 * 1024 ** 3), example: '1099511627776', about: 'What all files of one user may have together in the store, in bytes; deleted ones count until they are removed. 0: any number.' },
  AI_ARTS_USER_SETS: { schema: settingTypes.integer(0, 2_147_483_647), default: '100000', example: '1000', about: 'How many sets of files one user may have: uploads, programs, taken-up outputs. 0: any number.' },
  AI_ARTS_PRESIGNED_DOWNLOADS: { schema: settingTypes.flag(), default: 'false', example: 'true', about: 'Whether a browser that follows a link to one file is sent on to the store, where that has URLs (`s3`) and browsers reach it.' },
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
  /** A program and its first arguments. */
  notebookCommand: readonly string[];
  /** 0: never. */
  notebookIdleMs: number;
  notebooksPerUser: number;
  inferenceRuntime: 'onnx' | 'oip';
  /** The inference server of the site. */
  oip: { url: string | undefined; token: string | undefined };
  servicesPerUser: number;
  inferenceQueue: number;
  /** 0: never. */
  inferenceSleepMs: number;
  inferenceRestarts: number;
  /** Pictures to be recognised: bytes and pixels of one, how many are decoded at a time, kept ones of a user, for how long. */
  inferenceImages: { bytes: number; pixels: number; decoders: number; perUser: number; lifetimeMs: number };
  /** Where programs of this machine are looked for. */
  programFolders: readonly string[];
  /** Absolute. */
  dataDirectory: string;
  /** What an archive may unpack to, the ratio to its own size; and how many are unpacked at a time. */
  unpack: { bytes: number; files: number; ratio: number; atOnce: number };
  /** How long an upload is kept that nothing uses. */
  unclaimedMs: number;
  /** How long files of what was deleted are kept. */
  deletedMs: number;
  cacheBytes: number;
  /** What one user may have in the store; 0: any number. */
  quota: { bytes: number; sets: number };
  /** Whether who follows a link to one file is sent to the store itself. */
  presignsDownloads: boolean;
  /** What is uploaded by the tus protocol: bytes of a file, unfinished ones of a user, how long one may be resumed. */
  resumable: { bytes: number; perUser: number; lifetimeMs: number };
  /** Undefined: there is none. */
  labelServer: LabelServerSettings | undefined;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readAiArtsSettings(environment: Readonly<Record<string, string | undefined>> = process.env): AiArtsSettings {
  const values = readSettings(aiArtsEnvironment, environment);
  if (values.INFERENCE_RUNTIME === 'oip' && values.OIP_URL === undefined) throw new SettingError(`OIP_URL: INFERENCE_RUNTIME=oip needs it, for example ${aiArtsEnvironment.OIP_URL.example}`);
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
    notebookCommand: values.NOTEBOOK_COMMAND,
    notebookIdleMs: values.NOTEBOOK_IDLE_HOURS * HOUR_MS,
    notebooksPerUser: values.NOTEBOOKS_PER_USER,
    inferenceRuntime: values.INFERENCE_RUNTIME,
    oip: { url: values.OIP_URL, token: values.OIP_TOKEN },
    servicesPerUser: values.INFERENCE_SERVICES_PER_USER,
    inferenceQueue: values.INFERENCE_QUEUE,
    inferenceSleepMs: values.INFERENCE_SLEEP_MINUTES * MINUTE_MS,
    inferenceRestarts: values.INFERENCE_RESTARTS,
    inferenceImages: {
      bytes: values.INFERENCE_IMAGE_BYTES,
      pixels: values.INFERENCE_IMAGE_PIXELS,
      decoders: values.INFERENCE_DECODERS,
      perUser: values.INFERENCE_IMAGES_PER_USER,
      lifetimeMs: values.INFERENCE_IMAGE_MINUTES * MINUTE_MS,
    },
    programFolders: [...(environment.PATH ?? '').split(path.delimiter), '/usr/local/bin', '/usr/bin', '/bin'],
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
    unpack: { bytes: values.AI_ARTS_UNPACKED_BYTES, files: values.AI_ARTS_UNPACKED_FILES, ratio: values.AI_ARTS_UNPACK_RATIO, atOnce: values.AI_ARTS_UNPACKS },
    unclaimedMs: values.AI_ARTS_UNCLAIMED_HOURS * HOUR_MS,
    deletedMs: values.AI_ARTS_DELETED_HOURS * HOUR_MS,
    cacheBytes: values.AI_ARTS_CACHE_BYTES,
    quota: { bytes: values.AI_ARTS_USER_BYTES, sets: values.AI_ARTS_USER_SETS },
    presignsDownloads: values.AI_ARTS_PRESIGNED_DOWNLOADS,
    resumable: { bytes: values.AI_ARTS_RESUMABLE_BYTES, perUser: values.AI_ARTS_RESUMABLE_UPLOADS, lifetimeMs: values.AI_ARTS_RESUMABLE_HOURS * HOUR_MS },
    labelServer: readLabelServerSettings(environment),
  };
}
