import { settingTypes, uploadLimits, uploadSettings, type Setting } from '@hutong/common/process';
import ipaddr from 'ipaddr.js';
import { cloudApiSettings, cloudApiSettingsOf } from './cloud-api/environment.js';
import { defaultSettings, type RestCompatSettings } from './engine/settings.js';

export type { TrustedNetwork } from './engine/settings.js';

const isNetwork = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text);

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

const bytes = (standard: number, about: string): Setting<number> => ({ schema: settingTypes.integer(1, 2_147_483_647), default: String(standard), example: String(standard), about });

/** The settings of the contracts, in a process of their own and in the gateway's, where some of them hold for `/graphql` too. */
export const contractSettings = {
  TRUSTED_PROXIES: {
    schema: settingTypes.list().refine((networks) => networks.every(isNetwork), 'expected addresses or networks as CIDR, separated by commas'),
    example: '10.0.0.0/8,127.0.0.1',
    about: 'Proxies whose X-Forwarded-For tells the address of the caller.',
  },
  OWN_ORIGINS: {
    schema: settingTypes.list().refine((origins) => origins.every(isOrigin), 'expected origins such as https://compute.example.org, separated by commas'),
    example: 'https://compute.example.org',
    about: 'Origins whose pages may send mutating legacy requests, for a proxy that rewrites Host.',
  },
  ...cloudApiSettings,
  LIMIT_BODY_BYTES: bytes(defaultSettings.bodyLimitBytes, 'Largest body of a request.'),
  LIMIT_BULK_BODY_BYTES: bytes(defaultSettings.bulkBodyLimitBytes, 'Largest body of the two bulk routes of 互通.'),
  LIMIT_RESPONSE_BYTES: bytes(defaultSettings.answerLimitBytes, 'Largest answer.'),
  ...uploadSettings,
  REQUEST_TIMEOUT_SECONDS: { schema: settingTypes.integer(1, 86_400), default: '60', example: '60', about: 'How long a request may take.' },
} satisfies Record<string, Setting<unknown>>;

type Values = Parameters<typeof cloudApiSettingsOf>[0] &
  Parameters<typeof uploadLimits>[0] &
  Record<'LIMIT_BODY_BYTES' | 'LIMIT_BULK_BODY_BYTES' | 'LIMIT_RESPONSE_BYTES' | 'REQUEST_TIMEOUT_SECONDS', number> & { OWN_ORIGINS: string[] };

/** What the contracts are given of them. */
export type ContractSettings = Omit<RestCompatSettings, 'log' | 'answerMemoryBytes' | 'gatewayUrl' | 'playground'>;

/** The settings as the contracts are given them. */
export const contractSettingsOf = (values: Values): ContractSettings => ({
  bodyLimitBytes: values.LIMIT_BODY_BYTES,
  bulkBodyLimitBytes: values.LIMIT_BULK_BODY_BYTES,
  answerLimitBytes: values.LIMIT_RESPONSE_BYTES,
  requestTimeoutMs: values.REQUEST_TIMEOUT_SECONDS * 1_000,
  ownOrigins: values.OWN_ORIGINS,
  uploads: uploadLimits(values),
  ...cloudApiSettingsOf(values),
});
