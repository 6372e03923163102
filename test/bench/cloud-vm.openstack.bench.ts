import { setTimeout as delay } from 'node:timers/promises';
import { admin } from '../testkit/actor.js';
import { missingPrograms, openStack } from '../testkit/engines.js';
import { endOpenStack, OpenStackAdministrator } from '../testkit/openstack.js';
import { openStackPlatformCloud } from '../testkit/platform-cloud.js';
import { startPlatform } from '../testkit/platform.js';
import { MachineUser } from '../testkit/virtual-machine.js';
import type { Benchmark } from './benchmark.js';

const ROUNDS = 9;
const WARM_ROUNDS = 2;
const TARGET = 1.5;
/** Between two looks at a server, as long as between ours: each costs an OpenStack on one host as much as a part of the launch. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** One launch through GraphQL, until the machine is ACTIVE with its address. */
async function ours(user: MachineUser): Promise<number> {
  const start = performance.now();
  const { id } = await user.machine({ name: 'bench' });
  const ms = performance.now() - start;
  await user.destroy(id);
  return ms;
}

/** What a machine is made of, by id. */
interface Parts {
  network: string;
  group: string;
  pool: string;
  image: string;
  flavor: string;
}

/** The same calls by a plain script, already logged in: a port, a floating IP, a server, and looks at it until it is ACTIVE. */
async function bare(project: OpenStackAdministrator, { network, group, pool, image, flavor }: Parts): Promise<number> {
  const start = performance.now();
  const { port } = await project.make<{ port: { id: string } }>('network', '/v2.0/ports', { port: { network_id: network, security_groups: [group] } });
  const { floatingip } = await project.make<{ floatingip: { id: string } }>('network', '/v2.0/floatingips', { floatingip: { floating_network_id: pool, port_id: port.id } });
  const { server } = await project.make<{ server: { id: string } }>('compute', '/servers', { server: { name: 'bare', imageRef: image, flavorRef: flavor, networks: [{ port: port.id }] } });
  const look = async () => ((await project.ask('compute', `/servers/${server.id}`)).server as { status: string }).status;
  for (let pause = FIRST_PAUSE_MS; (await look()) !== 'ACTIVE'; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) await delay(pause);
  const ms = performance.now() - start;
  await project.send('DELETE', 'compute', `/servers/${server.id}`);
  while ((await project.send('GET', 'compute', `/servers/${server.id}`)).ok) await delay(LONGEST_PAUSE_MS);
  await project.send('DELETE', 'network', `/v2.0/floatingips/${floatingip.id}`);
  await project.send('DELETE', 'network', `/v2.0/ports/${port.id}`);
  return ms;
}

const launch: Benchmark = {
  name: 'a machine on OpenStack (fake compute), from the request to ACTIVE with an address',
  target: '≤ 1.5 × the same calls by a plain script',
  meets: (ratio) => ratio <= TARGET,
  async run() {
    const missing = missingPrograms(openStack);
    if (missing.length > 0) throw new Error(`OpenStack is missing (${missing.join(', ')}); as root: ${openStack.install}`);
    const cloud = await openStackPlatformCloud();
    const platform = await startPlatform({ database: 'embedded', environment: { ...cloud.environment } });
    try {
      const user = new MachineUser(await admin(platform), cloud);
      const project = await OpenStackAdministrator.logIn({ ...cloud.environment });
      const parts: Parts = {
        network: await project.idOf('network', '/v2.0/networks', 'networks', 'network_oj'),
        group: await project.idOf('network', `/v2.0/security-groups?project_id=${project.projectId}`, 'security_groups', 'oj_exam'),
        pool: await project.idOf('network', '/v2.0/networks', 'networks', 'EXT_01'),
        image: await project.idOf('image', '/v2/images', 'images', cloud.image),
        flavor: await project.idOf('compute', '/flavors', 'flavors', cloud.flavor),
      };
      const activeMs: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
      for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
        const measured = { ours: await ours(user), bare: await bare(project, parts) };
        if (round < WARM_ROUNDS) continue;
        for (const who of ['ours', 'bare'] as const) activeMs[who].push(Math.round(measured[who]));
      }
      return { ratio: activeMs.ours.map((ms, round) => ms / activeMs.bare[round]!), detail: { activeMs } };
    } finally {
      await platform.dispose();
      await cloud.remove();
      await endOpenStack();
    }
  },
};

export const benchmarks: Benchmark[] = [launch];
