import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { CloudDriver, DriverOptions } from '../drivers/driver.js';
import type { OpenStackSettings } from '../drivers/openstack/openstack.settings.js';
import type { QemuSettings } from '../drivers/qemu/qemu.settings.js';
import type { CloudVmSettings } from '../environment.js';
import { Cloud } from './cloud.js';

export interface CloudChoice {
  driver: CloudVmSettings['driver'];
  /** Undefined when the environment names none. */
  openStack: OpenStackSettings | undefined;
  qemu: QemuSettings;
}

const QEMU = 'qemu-system-x86_64';
const REMEDY = `set OS_CLOUD or OS_AUTH_URL to an OpenStack, or install QEMU (apt-get install -y --no-install-recommends qemu-system-x86 qemu-utils) and start again`;

/** The cloud that the settings name, or that is found on this machine; without one everything but launching works. */
export async function openCloud(choice: CloudChoice, options: DriverOptions): Promise<Cloud> {
  const driver = await chosenDriver(choice, options);
  return new Cloud(driver, choice.driver === 'none' ? 'CLOUD_DRIVER is "none"; set it to a cloud' : REMEDY);
}

async function chosenDriver({ driver, openStack, qemu }: CloudChoice, options: DriverOptions): Promise<CloudDriver | undefined> {
  if (openStack && (driver === 'openstack' || driver === undefined)) {
    const { OpenStackDriver } = await import('../drivers/openstack/openstack.driver.js');
    return new OpenStackDriver(openStack, options);
  }
  if (driver !== 'qemu' && (driver !== undefined || !isInstalled(QEMU, qemu.searchPath))) return undefined;
  const { QemuDriver } = await import('../drivers/qemu/qemu.driver.js');
  return new QemuDriver(qemu, options);
}

function isInstalled(program: string, searchPath: string): boolean {
  return searchPath.split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
