import { readSettings, settingTypes } from '@hutong/common';

const settings = {
  COMPUTE_REGISTRY_STALE_SECONDS: {
    schema: settingTypes.integer(1, 31_536_000),
    default: '900',
    example: '900',
    about: 'A resource whose last report is older than this many seconds is stale: listed, but never offered or reserved.',
  },
  COMPUTE_REGISTRY_OBSERVATION_LAG_SECONDS: {
    schema: settingTypes.integer(0, 86_400),
    default: '60',
    example: '60',
    about: 'A report that does not say when it was measured counts as measured this many seconds before it arrived.',
  },
  COMPUTE_REGISTRY_HISTORY_DAYS: {
    schema: settingTypes.integer(1, 3_650),
    default: '30',
    example: '30',
    about: 'How many days every report is kept in the history, and how long a released reservation key is remembered.',
  },
};

/** The settings of this subgraph alone; the database's and the server's are common. */
export interface RegistrySettings {
  staleSeconds: number;
  observationLagSeconds: number;
  historyDays: number;
}

/** What each setting means and an example, for the settings page. */
export const registrySettings = settings;

export function readRegistrySettings(environment: Readonly<Record<string, string | undefined>> = process.env): RegistrySettings {
  const values = readSettings(settings, environment);
  return {
    staleSeconds: values.COMPUTE_REGISTRY_STALE_SECONDS,
    observationLagSeconds: values.COMPUTE_REGISTRY_OBSERVATION_LAG_SECONDS,
    historyDays: values.COMPUTE_REGISTRY_HISTORY_DAYS,
  };
}
