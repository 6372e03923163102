import { readSettings, settingTypes, type Setting } from '@hutong/common';
import ipaddr from 'ipaddr.js';

const HOUR_MS = 3_600_000;

const isNetwork = (text: string): boolean => {
  try {
    ipaddr.parseCIDR(text);
    return true;
  } catch {
    return false;
  }
};

/** Every setting of this subgraph. */
export const schedulingEnvironment = {
  SCHEDULING_WEBHOOK_ALLOWED_NETWORKS: {
    schema: settingTypes.list().refine((networks) => networks.every(isNetwork), 'expected networks as CIDR, separated by commas'),
    example: '10.20.0.0/16,fd00::/8',
    about: 'Private networks that provider webhooks may live in. Public addresses are always allowed, others never.',
  },
  SCHEDULING_ALLOCATION_SECONDS: {
    schema: settingTypes.integer(5, 120),
    default: '25',
    example: '25',
    about: "How long all tries of one provider's webhook may take together.",
  },
  SCHEDULING_OFFER_EXPIRY_HOURS: {
    schema: settingTypes.integer(1, 8_760),
    default: '24',
    example: '24',
    about: 'A task for which nothing was chosen expires so long after it was submitted.',
  },
  SCHEDULING_ALLOCATION_EXPIRY_DAYS: {
    schema: settingTypes.integer(0, 3_650),
    default: '30',
    example: '30',
    about: 'An allocation that nobody releases expires after so many days and gives its reservation back; 0: never.',
  },
} satisfies Record<string, Setting<unknown>>;

/** The settings as the subgraph uses them. */
export interface SchedulingSettings {
  /** CIDRs beside the public addresses that webhooks may be on. */
  webhookNetworks: readonly string[];
  /** Time for all tries of one webhook together. */
  allocationBudgetMs: number;
  offerExpiryMs: number;
  /** Null: an allocation never expires. */
  allocationExpiryMs: number | null;
}

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readSchedulingSettings(environment: Readonly<Record<string, string | undefined>> = process.env): SchedulingSettings {
  const values = readSettings(schedulingEnvironment, environment);
  const days = values.SCHEDULING_ALLOCATION_EXPIRY_DAYS;
  return {
    webhookNetworks: values.SCHEDULING_WEBHOOK_ALLOWED_NETWORKS,
    allocationBudgetMs: values.SCHEDULING_ALLOCATION_SECONDS * 1_000,
    offerExpiryMs: values.SCHEDULING_OFFER_EXPIRY_HOURS * HOUR_MS,
    allocationExpiryMs: days === 0 ? null : days * 24 * HOUR_MS,
  };
}
