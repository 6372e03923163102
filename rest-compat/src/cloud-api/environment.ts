import { settingTypes, type Setting } from '@hutong/common/process';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { defaultSettings, type TrustedNetwork } from '../engine/settings.js';

export type { TrustedNetwork };

const LONGEST_WAIT_SECONDS = 600;
const EXPECTED = 'expected networks as CIDR with the user that each acts as, such as 10.0.0.0/8=oj, separated by commas';

/** The settings of cloud_api, wherever it is served. */
export const cloudApiSettings = {
  CLOUD_API_WAIT_SECONDS: {
    schema: settingTypes.integer(1, LONGEST_WAIT_SECONDS),
    default: String(defaultSettings.waitSeconds),
    example: '120',
    about: 'How long launch_instance of cloud_api waits for the machine, from the submission on; one that is not ready then is destroyed.',
  },
  CLOUD_API_TRUSTED_NETWORKS: {
    schema: settingTypes.list().transform((entries, { addIssue }): TrustedNetwork[] => {
      const networks = entries.map(trustedNetwork);
      if (networks.every((network) => network !== undefined)) return networks;
      addIssue({ code: 'custom', message: EXPECTED });
      return z.NEVER;
    }),
    example: '10.0.0.0/8=oj,192.168.1.7=alice',
    about: 'Addresses that need no credential for cloud_api, with the user that each network acts as. Empty: none.',
  },
} satisfies Record<string, Setting<unknown>>;

/** The settings of cloud_api as the contracts are given them. */
export const cloudApiSettingsOf = (values: { CLOUD_API_WAIT_SECONDS: number; CLOUD_API_TRUSTED_NETWORKS: TrustedNetwork[] }) => ({
  waitSeconds: values.CLOUD_API_WAIT_SECONDS,
  trustedNetworks: values.CLOUD_API_TRUSTED_NETWORKS,
});

/** An address by itself is a network of one. */
function trustedNetwork(entry: string): TrustedNetwork | undefined {
  const equals = entry.indexOf('=');
  const [place, username] = [entry.slice(0, Math.max(equals, 0)).trim(), entry.slice(equals + 1).trim()];
  if (username === '') return undefined;
  if (ipaddr.isValidCIDR(place)) return { network: place, username };
  if (!ipaddr.isValid(place)) return undefined;
  return { network: `${place}/${ipaddr.parse(place).kind() === 'ipv4' ? 32 : 128}`, username };
}
