import { readSettings, settingTypes, type Setting } from '@hutong/common';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DiskSettings } from './disk.store.js';

const REPOSITORY = fileURLToPath(new URL('../../../../../../', import.meta.url));
const DAY_MS = 24 * 60 * 60 * 1_000;
const IN_DATA_FOLDER = 'ai-arts/store';

/** Every setting of files in a folder. */
export const diskEnvironment = {
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of files and jobs, taken from the root of the repository.' },
  STORE_DISK_FOLDER: { schema: settingTypes.optionalText(), example: '/mnt/share/hutong', about: 'Folder of the store, taken from the root of the repository. Empty: `ai-arts/store` in the data folder.' },
} satisfies Record<string, Setting<unknown>>;

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readDiskSettings(environment: Readonly<Record<string, string | undefined>> = process.env): DiskSettings {
  const values = readSettings(diskEnvironment, environment);
  return { folder: path.resolve(REPOSITORY, values.STORE_DISK_FOLDER ?? path.join(values.HUTONG_DATA_DIR, IN_DATA_FOLDER)), leftoverMs: DAY_MS };
}
