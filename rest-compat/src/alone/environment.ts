import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings, settingTypes, type Setting } from '@hutong/common/process';
import ipaddr from 'ipaddr.js';
import { cloudApiSettings, cloudApiSettingsOf } from '../cloud-api/environment.js';
import { defaultSettings, type RestCompatSettings } from '../engine/settings.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

const isNetwork = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

const bytes = (standard: number, about: string): Setting<number> => ({ schema: settingTypes.integer(1, 2_147_483_647), default: String(standard), example: String(standard), about });

/** Every setting of the contracts in a process of their own. Those that the gateway has too mean the same. */
export const aloneSettings = {
  PORT: { schema: settingTypes.integer(0, 65_535), default: '4010', example: '4010', about: 'Port to listen on; 0 takes a free one.' },
  HOST: { schema: settingTypes.text(), default: '127.0.0.1', example: '0.0.0.0', about: 'Address to listen on.' },
  LOG_LEVEL: { schema: settingTypes.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), default: 'info', example: 'warn', about: 'What is logged, as JSON lines, to stderr.' },
  GATEWAY_URL: { schema: settingTypes.url('http', 'https'), default: 'http://127.0.0.1:4000', example: 'http://10.0.0.7:4000', about: 'The gateway that runs the operations.' },
  HUTONG_SECRET: { schema: settingTypes.optionalSecret(), example: 'a-long-random-text', about: 'The secret of the gateway. Empty: the one kept in the data folder.' },
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder that the secret is kept in, taken from the root of the repository.' },
  TRUSTED_PROXIES: {
    schema: settingTypes.list().refine((networks) => networks.every(isNetwork), 'expected addresses or networks as CIDR, separated by commas'),
    example: '10.0.0.0/8,127.0.0.1',
    about: 'Proxies whose X-Forwarded-For tells the address of the caller.',
  },
  OWN_ORIGINS: {
    schema: settingTypes.list().refine((origins) => origins.every(isOrigin), 'expected origins such as https://compute.example.org, separated by commas'),
    example: 'https://compute.example.org',
    about: 'Origins whose pages may send mutating requests, for a proxy that rewrites Host.',
  },
  LIMIT_BODY_BYTES: bytes(defaultSettings.bodyLimitBytes, 'Largest body of a request.'),
  LIMIT_BULK_BODY_BYTES: bytes(defaultSettings.bulkBodyLimitBytes, 'Largest body of the two bulk routes of 互通.'),
  LIMIT_RESPONSE_BYTES: bytes(defaultSettings.answerLimitBytes, 'Largest answer.'),
  ...cloudApiSettings,
  REQUEST_TIMEOUT_SECONDS: { schema: settingTypes.integer(1, 3_600), default: '60', example: '60', about: 'How long a request may take.' },
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
  contracts: Omit<RestCompatSettings, 'log' | 'answerMemoryBytes'>;
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
    contracts: {
      bodyLimitBytes: values.LIMIT_BODY_BYTES,
      bulkBodyLimitBytes: values.LIMIT_BULK_BODY_BYTES,
      answerLimitBytes: values.LIMIT_RESPONSE_BYTES,
      requestTimeoutMs: values.REQUEST_TIMEOUT_SECONDS * 1_000,
      ownOrigins: values.OWN_ORIGINS,
      ...cloudApiSettingsOf(values),
    },
  };
}
