import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { commandLinesNaming, processesNaming, qemuCloud } from '../drivers/qemu.cloud.js';
import { GUEST_IMAGE } from './guest-image.js';
import { OpenStackAdministrator, openStackEnvironment } from './openstack.js';
import { until } from './processes.js';

/** A real cloud that a whole platform launches machines on, seen from outside: without the platform and its driver. */
export interface PlatformCloud {
  /** The settings with which the platform uses it. */
  readonly environment: Readonly<Record<string, string>>;
  /** An image and a flavor that machines are made of quickly. */
  readonly image: string;
  readonly flavor: string;
  /** Everything that it holds for machines, each as `<kind> <cloud's id> of <machine's id>`, sorted. */
  holdings(): Promise<string[]>;
  /** Deletes a machine as somebody else would who does not know of us. */
  deleteBehindOurBack(machineId: string): Promise<void>;
  /** Ends and removes all that a test has left. */
  remove(): Promise<void>;
}

/** What our table says that the cloud holds, in the words of {@link PlatformCloud.holdings}. */
export async function recordedHoldings(database: Client): Promise<string[]> {
  const { rows } = await database.query<{ line: string }>(`select format('%s %s of %s', kind, cloud_id, virtual_machine_id) as line from cloud_vm.made_resource`);
  return rows.map(({ line }) => line).toSorted();
}

/** QEMU on this machine, with a data folder of its own. */
export async function qemuPlatformCloud(): Promise<PlatformCloud> {
  const { dataDirectory, deleteBehindOurBack } = await qemuCloud();
  const machines = join(dataDirectory, 'machines');
  return {
    environment: { CLOUD_DRIVER: 'qemu', HUTONG_DATA_DIR: dataDirectory, CLOUD_QEMU_CPU_OVERCOMMIT: '32' },
    image: GUEST_IMAGE,
    flavor: 'm1.tiny',
    async holdings() {
      const ids = await readdir(machines).catch(() => []);
      const disks = ids.map((id) => `disk ${id} of ${id}`);
      const lines = [...(await commandLinesNaming(machines)).values()];
      const servers = lines.map((line) => line.slice(line.indexOf(machines) + machines.length + 1).split('/')[0]!).map((id) => `server ${id} of ${id}`);
      return [...disks, ...servers].toSorted();
    },
    deleteBehindOurBack,
    async remove() {
      for (const pid of await processesNaming(machines)) process.kill(pid, 'SIGKILL');
      await until('every machine to end', async () => (await processesNaming(machines)).length === 0);
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** The OpenStack for the tests, in a project of its own. `through` are services that are reached elsewhere than they are. */
export async function openStackPlatformCloud(through: Record<string, string> = {}): Promise<PlatformCloud> {
  const environment = await openStackEnvironment();
  const name = `test-${randomUUID()}`;
  const administrator = await OpenStackAdministrator.logIn(environment);
  const project = { ...environment, OS_PROJECT_ID: await administrator.makeProject(name) };
  const member = await OpenStackAdministrator.logIn(project);
  if (Object.keys(through).length > 0) await administrator.makeRegion(name, { image: member.endpoint('image'), ...through });
  return {
    environment: { ...project, CLOUD_DRIVER: 'openstack', ...(Object.keys(through).length > 0 ? { OS_REGION_NAME: name } : {}) },
    image: 'tiny',
    flavor: 'm1.small',
    holdings: () => member.holdings(),
    deleteBehindOurBack: (machineId) => member.deleteServers(machineId),
    async remove() {
      for (const [path, kind] of [['compute/servers', 'server'], ['network/v2.0/floatingips', 'floating-ip'], ['network/v2.0/ports', 'port']] as const) {
        const [service, ...rest] = path.split('/');
        for (const line of await member.holdings()) if (line.startsWith(`${kind} `)) await member.send('DELETE', service!, `/${rest.join('/')}/${line.split(' ')[1]}`);
      }
      await administrator.send('DELETE', 'identity', `/projects/${project.OS_PROJECT_ID}`);
    },
  };
}
