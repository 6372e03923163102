import { testDatabase } from '@hutong/common/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { isMissing, qemu } from '../testkit/engines.js';
import { FaultProxy, type Fault } from '../testkit/fault-proxy.js';
import { freePort } from '../testkit/free-port.js';
import { sendForm } from '../testkit/http.js';
import { qemuPlatformCloud, type PlatformCloud } from '../testkit/platform-cloud.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { startServer } from '../testkit/server-process.js';
import { MachineUser } from '../testkit/virtual-machine.js';

// cloud-vm in a process of its own, whose answer to a launch is lost on its way to the gateway when the machine is ready.

const HUTONG_SECRET = 'the secret of both processes';

describe.skipIf(isMissing(qemu))('a launch whose answer is lost', { timeout: 240_000 }, () => {
  const opened = new AsyncDisposableStack();
  let cloud: PlatformCloud;
  let platform: Platform;
  let proxy: FaultProxy;
  let database: Client;
  let oj: MachineUser;

  beforeAll(async () => {
    cloud = await qemuPlatformCloud();
    opened.defer(() => cloud.remove());
    proxy = await FaultProxy.start();
    opened.defer(() => proxy.stop());
    const own = await testDatabase();
    opened.defer(() => own.drop());
    database = new Client({ connectionString: own.url });
    await database.connect();
    opened.defer(() => database.end());
    const port = await freePort();
    const machines = `http://127.0.0.1:${port}/subgraphs/machines`;
    const server = await startServer('subgraphs/cloud-vm/dist/main.js', { HUTONG_SECRET, DATABASE_URL: own.url, SUBGRAPH_MACHINES_URL: machines, ...cloud.environment });
    opened.defer(async () => void (await server.stop()));
    proxy.target = server.url;
    platform = await startPlatform({ environment: { PORT: String(port), HUTONG_SECRET, SUBGRAPH_CLOUD_VM_URL: proxy.url } });
    opened.defer(() => platform.dispose());
    oj = new MachineUser(await actor(await admin(platform), 'oj'), cloud);
  }, 300_000);
  afterAll(() => opened.disposeAsync(), 120_000);

  const launch = () => ({ command: 'launch_instance', image: cloud.image, flavor: cloud.flavor, internet: 'false', name: 'exam' });

  /** The next request to cloud-vm has this fault, and no other. */
  function spoilNext(fault: Fault): void {
    proxy.spoil(() => {
      proxy.heal();
      return fault;
    });
  }

  async function expectNothingStays(): Promise<void> {
    await until('the machine to be destroyed', async () => (await oj.list()).length === 0);
    expect(await cloud.holdings()).toEqual([]);
    const { rows } = await database.query('select state from cloud_vm.virtual_machine');
    expect(rows.length).toBeGreaterThan(0);
  }

  test('to a caller who hangs up at that moment leaves nothing', async () => {
    const gone = new AbortController();
    spoilNext('silence after');
    const request = fetch(`${platform.legacyUrl}/cloud_api`, { method: 'POST', headers: { token: oj.actor.credential! }, body: new URLSearchParams(launch()), signal: gone.signal });
    const ended = expect(request).rejects.toThrow('aborted');
    // The machine was handed over to a caller who does not hear of it.
    await until('cloud-vm to have answered', async () => {
      const { rows } = await database.query("select from cloud_vm.virtual_machine where state = 'ACTIVE' and awaited_by is null");
      return rows.length === 1;
    });
    gone.abort();
    await ended;
    await expectNothingStays();
  });

  test('to a caller who waits is told as a failure, and leaves nothing', async () => {
    spoilNext('reset after');
    expect((await sendForm(oj.actor, '/cloud_api', launch())).json).toMatchObject({ ret_code: 8 });
    await expectNothingStays();
  });
});
