import { readSettings, settingTypes, type Setting } from '@hutong/common';

/** Every setting of this subgraph, beside those of its drivers. */
export const cloudVmEnvironment = {
  CLOUD_DRIVER: {
    schema: settingTypes.oneOf('openstack', 'qemu', 'none').optional(),
    example: 'qemu',
    about: 'The cloud that virtual machines are launched on: `openstack`, `qemu` (this host) or `none`. Empty: OpenStack where `OS_CLOUD` or `OS_AUTH_URL` is set, else QEMU where it is installed, else none.',
  },
  CLOUD_AT_ONCE: {
    schema: settingTypes.integer(1, 1_000),
    default: '8',
    example: '20',
    about: 'How many machines the cloud is asked about at a time; more wait for their turn.',
  },
  CLOUD_BUILD_SECONDS: {
    schema: settingTypes.integer(5, 86_400),
    default: '600',
    example: '600',
    about: 'A machine that is not ACTIVE so long after its turn came is in ERROR, and released.',
  },
  CLOUD_MACHINES_PER_USER: {
    schema: settingTypes.integer(1, 1_000_000),
    default: '500',
    example: '50',
    about: 'Virtual machines that one user may have at a time.',
  },
  CLOUD_ORPHAN_GRACE_SECONDS: {
    schema: settingTypes.integer(0, 86_400),
    default: '600',
    example: '600',
    about: 'What carries an id of ours in the cloud and belongs to no machine is destroyed when it is so old.',
  },
} satisfies Record<string, Setting<unknown>>;

/** The settings as the subgraph uses them. */
export interface CloudVmSettings {
  /** Undefined: to be found out. */
  driver: 'openstack' | 'qemu' | 'none' | undefined;
  atOnce: number;
  buildMs: number;
  machinesPerUser: number;
  orphanGraceMs: number;
}

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readCloudVmSettings(environment: Readonly<Record<string, string | undefined>> = process.env): CloudVmSettings {
  const values = readSettings(cloudVmEnvironment, environment);
  return {
    driver: values.CLOUD_DRIVER,
    atOnce: values.CLOUD_AT_ONCE,
    buildMs: values.CLOUD_BUILD_SECONDS * 1_000,
    machinesPerUser: values.CLOUD_MACHINES_PER_USER,
    orphanGraceMs: values.CLOUD_ORPHAN_GRACE_SECONDS * 1_000,
  };
}
