import { readSettings, settingTypes, type Setting } from '@hutong/common';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

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
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of files and jobs, taken from the root of the repository.' },
} satisfies Record<string, Setting<unknown>>;

/** The settings as the subgraph uses them. */
export interface AiArtsSettings {
  engine: 'local' | 'slurm' | 'none';
  store: 'disk' | 's3';
  /** Absolute. */
  dataDirectory: string;
}

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readAiArtsSettings(environment: Readonly<Record<string, string | undefined>> = process.env): AiArtsSettings {
  const values = readSettings(aiArtsEnvironment, environment);
  return { engine: values.ENGINE_DRIVER, store: values.STORE_DRIVER, dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR) };
}
