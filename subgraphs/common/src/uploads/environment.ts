import { settingTypes, type Setting } from '../environment/settings.js';

/** How much of files one request may carry, in the gateway's process as in a subgraph's own. */
export const uploadSettings = {
  LIMIT_UPLOAD_FILES: { schema: settingTypes.integer(1, 1_000), default: '10', example: '10', about: 'Files of one request.' },
  LIMIT_UPLOAD_BYTES: { schema: settingTypes.integer(1, Number.MAX_SAFE_INTEGER - 1), default: String(5 * 1024 ** 3), example: '1073741824', about: 'Largest file of a request.' },
  UPLOAD_IDLE_SECONDS: { schema: settingTypes.integer(1, 3_600), default: '30', example: '60', about: 'How long an upload may pause; at least 16 KiB must come in that time.' },
} satisfies Record<string, Setting<unknown>>;

/** What one request may carry of files. */
export interface UploadLimits {
  /** Files of one request. */
  files: number;
  /** Bytes of one file. */
  fileBytes: number;
  /** How long an upload may pause before it is given up. */
  idleMs: number;
}

export const uploadLimits = (values: { [Name in keyof typeof uploadSettings]: number }): UploadLimits => ({
  files: values.LIMIT_UPLOAD_FILES,
  fileBytes: values.LIMIT_UPLOAD_BYTES,
  idleMs: values.UPLOAD_IDLE_SECONDS * 1_000,
});
