import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { processSettings, readSettings, settingTypes, type Setting } from '@hutong/common/process';
import { contractSettings, contractSettingsOf, type ContractSettings } from '../environment.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** Every setting of the contracts in a process of their own. Those that the gateway has too mean the same. */
export const aloneSettings = {
  PORT: { schema: settingTypes.integer(0, 65_535), default: '4020', example: '4020', about: 'Port to listen on; 0 takes a free one.' },
  ...processSettings,
  GATEWAY_URL: { schema: settingTypes.url('http', 'https'), default: 'http://127.0.0.1:4000', example: 'http://10.0.0.7:4000', about: 'The gateway that runs the operations.' },
  HUTONG_SECRET: { schema: settingTypes.optionalSecret(), example: 'a-long-random-text', about: 'The secret of the gateway. Empty: the one kept in the data folder.' },
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder that the secret is kept in, taken from the root of the repository.' },
  ...contractSettings,
} satisfies Record<string, Setting<unknown>>;

/** The settings as the process uses them. */
export interface AloneSettings {
  port: number;
  host: string;
  logLevel: string;
  gatewayUrl: string;
  /** Undefined: the one kept in the data folder. */
  secret: string | undefined;
  dataDirectory: string;
  trustedProxies: string[];
  contracts: ContractSettings;
}

/** @throws SettingError for the first bad one */
export function readAloneSettings(environment: Readonly<Record<string, string | undefined>> = process.env): AloneSettings {
  const values = readSettings(aloneSettings, environment);
  return {
    port: values.PORT,
    host: values.HOST,
    logLevel: values.LOG_LEVEL,
    gatewayUrl: values.GATEWAY_URL,
    secret: values.HUTONG_SECRET,
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
    trustedProxies: values.TRUSTED_PROXIES,
    contracts: contractSettingsOf(values),
  };
}
