import { randomUUID } from 'node:crypto';
import { silentLog } from '@hutong/common';
import { OpenStackDriver } from '@hutong/cloud-vm/drivers/openstack';
import { readOpenStackSettings } from '@hutong/cloud-vm/drivers/openstack/environment';
import { OpenStackAdministrator, openStackEnvironment } from '../testkit/openstack.js';
import type { CloudUnderTest } from './cloud.contract.js';

/** OpenStack on this machine, with an installation of its own. */
export interface OpenStackUnderTest extends CloudUnderTest {
  administrator: OpenStackAdministrator;
  /** Where its Keystone is. */
  authUrl: string;
  /** A driver with other settings. */
  openWith(environment: Record<string, string>): OpenStackDriver;
}

export async function openStackCloud(): Promise<OpenStackUnderTest> {
  const environment = await openStackEnvironment();
  const administrator = await OpenStackAdministrator.logIn(environment);
  const installation = randomUUID();
  const openWith = (other: Record<string, string>) => new OpenStackDriver(readOpenStackSettings({ ...environment, ...other }), { installation, log: silentLog });
  return {
    administrator,
    authUrl: environment.OS_AUTH_URL!,
    imageId: await administrator.idOf('image', '/v2/images', 'images', 'tiny'),
    flavorId: await administrator.idOf('compute', '/flavors', 'flavors', 'm1.small'),
    openWith,
    open: async () => openWith({}),
    holds: async (machineId) => (await administrator.holdings()).filter((line) => line.endsWith(machineId)),
    deleteBehindOurBack: (machineId) => administrator.deleteServers(machineId),
  };
}
