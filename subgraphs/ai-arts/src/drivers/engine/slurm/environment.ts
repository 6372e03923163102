import { readSettings, SettingError, settingTypes, type Setting } from '@hutong/common';
import { API_VERSIONS } from './slurm.version.js';
import type { SlurmSettings } from './slurm.settings.js';

/** Every setting of Slurm. */
export const slurmEnvironment = {
  ENGINE_SLURM_URL: {
    schema: settingTypes.optionalText(),
    example: 'http://slurm.example.org:6820',
    about: 'Where slurmrestd answers: `http://…`, `https://…` or `unix:` and the path of its socket. Needed for Slurm.',
  },
  ENGINE_SLURM_USER: { schema: settingTypes.optionalText(), example: 'hutong', about: 'User that jobs run as, on every machine of the cluster. Needed for Slurm.' },
  ENGINE_SLURM_TOKEN_FILE: { schema: settingTypes.optionalText(), example: '/run/hutong/slurm.jwt', about: 'File with a JWT of that user, which somebody renews. Empty: `scontrol token` is asked.' },
  ENGINE_SLURM_SCONTROL: { schema: settingTypes.text(), default: 'scontrol', example: '/opt/slurm/bin/scontrol', about: 'The program `scontrol`, for tokens.' },
  ENGINE_SLURM_API_VERSION: { schema: settingTypes.optionalText(), example: 'v0.0.40', about: 'Version of the REST API. Empty: the newest that slurmrestd and Hutong know.' },
  ENGINE_SLURM_PARTITION: { schema: settingTypes.optionalText(), example: 'gpu', about: "Partition that jobs are submitted to. Empty: the cluster's default." },
  ENGINE_SLURM_ACCOUNT: { schema: settingTypes.optionalText(), example: 'teaching', about: 'Account that jobs are charged to.' },
  ENGINE_SLURM_QOS: { schema: settingTypes.optionalText(), example: 'normal', about: 'Quality of service of jobs.' },
  ENGINE_SLURM_PATH: { schema: settingTypes.text(), default: '/usr/local/bin:/usr/bin:/bin', example: '/opt/conda/bin:/usr/bin:/bin', about: 'PATH of jobs.' },
  ENGINE_SLURM_NODE: { schema: settingTypes.optionalText(), example: '/opt/node/bin/node', about: "Node.js on the cluster's machines. Empty: the one that runs Hutong, under the same path." },
  ENGINE_SLURM_CONNECTIONS: { schema: settingTypes.integer(1, 100), default: '8', example: '16', about: 'Connections to slurmrestd at a time.' },
  ENGINE_SLURM_REQUEST_SECONDS: { schema: settingTypes.integer(1, 600), default: '60', example: '60', about: 'How long slurmrestd may take for one answer.' },
} satisfies Record<string, Setting<unknown>>;

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readSlurmSettings(environment: Readonly<Record<string, string | undefined>> = process.env): SlurmSettings {
  const values = readSettings(slurmEnvironment, environment);
  return {
    url: checkedUrl(needed('ENGINE_SLURM_URL', values.ENGINE_SLURM_URL)),
    user: needed('ENGINE_SLURM_USER', values.ENGINE_SLURM_USER),
    tokenFile: values.ENGINE_SLURM_TOKEN_FILE,
    scontrol: values.ENGINE_SLURM_SCONTROL,
    apiVersion: values.ENGINE_SLURM_API_VERSION === undefined ? undefined : apiVersion(values.ENGINE_SLURM_API_VERSION),
    partition: values.ENGINE_SLURM_PARTITION,
    account: values.ENGINE_SLURM_ACCOUNT,
    qos: values.ENGINE_SLURM_QOS,
    searchPath: values.ENGINE_SLURM_PATH,
    node: values.ENGINE_SLURM_NODE ?? process.execPath,
    connections: values.ENGINE_SLURM_CONNECTIONS,
    requestMs: values.ENGINE_SLURM_REQUEST_SECONDS * 1_000,
  };
}

function needed(name: keyof typeof slurmEnvironment, value: string | undefined): string {
  if (value === undefined) throw new SettingError(`${name}: ENGINE_DRIVER=slurm needs it, for example ${slurmEnvironment[name].example}`);
  return value;
}

function checkedUrl(url: string): string {
  const isUrl = /^unix:\/./.test(url) || (/^https?:/.test(url) && URL.canParse(url));
  if (!isUrl) throw new SettingError(`ENGINE_SLURM_URL: expected http://…, https://… or unix:/path, got ${JSON.stringify(url)}`);
  return url.replace(/\/+$/, '');
}

function apiVersion(text: string): number {
  const version = Number(/^v?0\.0\.(\d+)$/.exec(text)?.[1]);
  if (!(version >= API_VERSIONS.oldest && version <= API_VERSIONS.newest)) {
    throw new SettingError(`ENGINE_SLURM_API_VERSION: expected v0.0.${API_VERSIONS.oldest} to v0.0.${API_VERSIONS.newest}, got ${JSON.stringify(text)}`);
  }
  return version;
}
