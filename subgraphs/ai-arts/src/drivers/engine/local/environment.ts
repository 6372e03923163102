import { readSettings, settingTypes, type Setting } from '@hutong/common';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalEngineSettings } from './local.settings.js';

const REPOSITORY = fileURLToPath(new URL('../../../../../../', import.meta.url));
const MIB = 1024 ** 2;

/** Every setting of jobs on this host. */
export const localEngineEnvironment = {
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of files and jobs, taken from the root of the repository.' },
  ENGINE_LOCAL_CPUS: { schema: settingTypes.integer(1, 100_000).optional(), example: '8', about: "Processors that all jobs on this host may have together. Empty: all of the host's." },
  ENGINE_LOCAL_MEMORY_MIB: {
    schema: settingTypes.integer(16, 1_000_000_000).optional(),
    example: '16384',
    about: "Memory that all jobs on this host may have together, in MiB. Empty: four fifths of the host's.",
  },
  ENGINE_LOCAL_JOBS: { schema: settingTypes.integer(1, 1_000_000), default: '10000', example: '10000', about: 'How many jobs may wait and run on this host.' },
  ENGINE_LOCAL_USER: { schema: settingTypes.text(), default: 'nobody', example: 'hutong-job', about: 'As root: the system user without privileges that jobs become.' },
  ENGINE_LOCAL_SANDBOX: {
    schema: settingTypes.oneOf('auto', 'bubblewrap', 'none'),
    default: 'auto',
    example: 'bubblewrap',
    about: 'What keeps jobs apart: `bubblewrap`, `none`, or `auto` (bubblewrap where it works).',
  },
  ENGINE_LOCAL_PATH: {
    schema: settingTypes.text().refine((text) => text.split(':').every(path.isAbsolute), 'expected absolute folders with colons between them'),
    default: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    example: '/opt/conda/bin:/usr/bin:/bin',
    about: 'Where jobs find programs; `node` is ours.',
  },
  ENGINE_LOCAL_READ_ONLY: {
    schema: settingTypes.list().refine((folders) => folders.every(path.isAbsolute), 'expected absolute folders, separated by commas'),
    example: '/srv/conda,/srv/shared',
    about: "Folders that every job in a sandbox may read, beside the system's /usr, /etc and /opt.",
  },
} satisfies Record<string, Setting<unknown>>;

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readLocalEngineSettings(environment: Readonly<Record<string, string | undefined>> = process.env): LocalEngineSettings {
  const values = readSettings(localEngineEnvironment, environment);
  return {
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
    searchPath: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    jobPath: values.ENGINE_LOCAL_PATH,
    cpus: values.ENGINE_LOCAL_CPUS,
    memoryBytes: values.ENGINE_LOCAL_MEMORY_MIB === undefined ? undefined : values.ENGINE_LOCAL_MEMORY_MIB * MIB,
    mostJobs: values.ENGINE_LOCAL_JOBS,
    user: values.ENGINE_LOCAL_USER,
    sandbox: values.ENGINE_LOCAL_SANDBOX,
    readOnly: values.ENGINE_LOCAL_READ_ONLY,
  };
}
