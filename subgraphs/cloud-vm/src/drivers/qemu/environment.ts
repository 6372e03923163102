import { readSettings, settingTypes, type Setting } from '@hutong/common';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { QemuSettings } from './qemu.settings.js';

const REPOSITORY = fileURLToPath(new URL('../../../../../', import.meta.url));
const MIB = 1024 ** 2;
const GUEST_PORTS = [22, 80, 3389, 5900];

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** Every setting of machines on this host. */
export const qemuEnvironment = {
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of images and machines, taken from the root of the repository.' },
  CLOUD_QEMU_PORTS: {
    schema: settingTypes.list().refine((ports) => ports.every(isPort), 'expected ports from 1 to 65535, separated by commas'),
    example: '443,8080',
    about: 'Ports of guests that this host reaches, beside 22, 80, 3389 and 5900.',
  },
  CLOUD_QEMU_USER: { schema: settingTypes.text(), default: 'nobody', example: 'hutong-vm', about: 'As root: the system user without privileges that QEMU becomes.' },
  CLOUD_QEMU_SHUTDOWN_SECONDS: { schema: settingTypes.integer(1, 3_600), default: '30', example: '30', about: 'How long a guest may take to shut down before it is turned off.' },
  CLOUD_QEMU_MEMORY_MIB: {
    schema: settingTypes.integer(64, 1_000_000_000).optional(),
    example: '16384',
    about: "Memory that all machines on this host may have together, in MiB. Empty: four fifths of the host's.",
  },
  CLOUD_QEMU_CPU_OVERCOMMIT: { schema: settingTypes.integer(1, 64), default: '4', example: '4', about: "Virtual processors that all machines may have together, for each of the host's." },
} satisfies Record<string, Setting<unknown>>;

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readQemuSettings(environment: Readonly<Record<string, string | undefined>> = process.env): QemuSettings {
  const values = readSettings(qemuEnvironment, environment);
  return {
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
    searchPath: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    ports: [...new Set([...GUEST_PORTS, ...values.CLOUD_QEMU_PORTS.map(Number)])],
    user: values.CLOUD_QEMU_USER,
    shutdownMs: values.CLOUD_QEMU_SHUTDOWN_SECONDS * 1_000,
    memoryBytes: values.CLOUD_QEMU_MEMORY_MIB === undefined ? undefined : values.CLOUD_QEMU_MEMORY_MIB * MIB,
    cpuOvercommit: values.CLOUD_QEMU_CPU_OVERCOMMIT,
  };
}
