import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { isMissing, openStack } from '../testkit/engines.js';
import { FaultProxy, FAULTS } from '../testkit/fault-proxy.js';
import { OpenStackAdministrator, openStackEnvironment } from '../testkit/openstack.js';
import { openStackPlatformCloud, recordedHoldings, type PlatformCloud } from '../testkit/platform-cloud.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { full } from '../testkit/seed.js';
import { MachineUser, type SeenMachine } from '../testkit/virtual-machine.js';

// A cloud on the way to which requests and answers are lost, delayed and spoilt.

const SPOILT_MACHINES = full ? 16 : 4;
const SETTLED: SeenMachine['state'][] = ['ACTIVE', 'ERROR'];

describe.skipIf(isMissing(openStack))('an OpenStack behind a proxy', { timeout: full ? 3_600_000 : 700_000 }, () => {
  const proxies: FaultProxy[] = [];
  let cloud: PlatformCloud;
  let platform: Platform;
  let database: Client;
  let user: MachineUser;

  beforeAll(async () => {
    const real = await OpenStackAdministrator.logIn(await openStackEnvironment());
    const through: Record<string, string> = {};
    for (const service of ['compute', 'network']) {
      const url = new URL(real.endpoint(service));
      const proxy = await FaultProxy.start();
      Object.assign(proxy, { target: url.origin, methods: ['GET', 'POST', 'DELETE'] });
      proxies.push(proxy);
      through[service] = `${proxy.url}${url.pathname.replace(/\/$/, '')}`;
    }
    cloud = await openStackPlatformCloud(through);
    platform = await startPlatform({ environment: { ...cloud.environment, CLOUD_OPENSTACK_REQUEST_SECONDS: '30' } });
    user = new MachineUser(await actor(await admin(platform), 'alice'), cloud);
    database = new Client({ connectionString: platform.databaseUrl });
    await database.connect();
  }, 400_000);

  afterAll(async () => {
    await database?.end();
    await platform?.dispose();
    await cloud?.remove();
    for (const proxy of proxies) await proxy.stop();
  }, 120_000);

  /** The user's machines when nothing is in between any more and the cloud holds what our table says. */
  async function settled(): Promise<SeenMachine[]> {
    let seen: unknown = 'machines that are neither ACTIVE nor in ERROR';
    for (const deadline = Date.now() + (full ? 1_800_000 : 300_000); Date.now() < deadline; await delay(500)) {
      const machines = await machinesOfAll();
      // The cloud is busy enough as long as they are not.
      if (!machines.every(({ state }) => SETTLED.includes(state))) continue;
      const [table, held] = [await recordedHoldings(database), await cloud.holdings()];
      if (table.join() === held.join()) return machines;
      seen = { machines, table, held };
    }
    throw new Error(`not settled: ${JSON.stringify(seen)}`);
  }

  async function machinesOfAll(): Promise<SeenMachine[]> {
    const { rows } = await database.query<SeenMachine>(`select id, state, ipv4 from cloud_vm.virtual_machine where state <> 'DELETED'`);
    return rows;
  }

  test('whatever becomes of requests and their answers, no machine is made twice, and the cloud holds what our table says', async () => {
    let passed = 0;
    // Of every third request one after the other.
    for (const proxy of proxies) proxy.spoil(() => (++passed % 3 === 0 ? FAULTS[(passed / 3) % FAULTS.length] : undefined));
    for (let n = 0; n < SPOILT_MACHINES; n++) await user.launch({ name: `spoilt ${n}` });
    await delay(full ? 60_000 : 15_000);
    for (const proxy of proxies) proxy.heal();
    const machines = await settled();
    expect(machines).toHaveLength(SPOILT_MACHINES);
    const servers = (await cloud.holdings()).filter((line) => line.startsWith('server '));
    expect(servers).toHaveLength(machines.filter(({ state }) => state === 'ACTIVE').length);
    expect(proxies.flatMap(({ spoilt }) => [...spoilt.values()]).length).toBeGreaterThan(3);
    for (const { id } of machines) await user.actor.ask('mutation ($id: ID!) { destroyVirtualMachine(id: $id) { state } }', { id });
    expect(await settled()).toEqual([]);
    expect(await cloud.holdings()).toEqual([]);
  });
});
