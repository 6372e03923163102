import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cloudVmHouse, type CloudVmActor, type CloudVmHouse } from '../testkit/cloud-vm.actor.js';

// What happened while nobody looked: the cloud and our table are made equal again.

let house: CloudVmHouse;
let alice: CloudVmActor;
let database: Client;
beforeAll(async () => {
  house = await cloudVmHouse();
  alice = house.actor();
  database = new Client({ connectionString: house.subgraph.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await house?.subgraph.stop();
});
afterEach(() => {
  house.driver.before = () => undefined;
});

const sweep = () => house.subgraph.services.reconciler.sweep();
const thingsOf = (id: string) => [...house.driver.things.values()].filter(({ machineId }) => machineId === id).map(({ kind }) => kind);

test('a machine that somebody deleted in the cloud is DELETED, says so, and gives back the rest', async () => {
  const id = await alice.machine();
  house.driver.machines.delete(id);
  await sweep();
  expect(await alice.look(id)).toMatchObject({ state: 'DELETED', stateReason: expect.stringContaining('behind our back') });
  await expect.poll(() => thingsOf(id)).toEqual([]);
});

test('a machine that was stopped, or broke, in the cloud is shown as it is', async () => {
  const [stopped, broken] = [await alice.machine(), await alice.machine()];
  house.driver.machines.get(stopped)!.state = 'SHUTOFF';
  house.driver.machines.get(broken)!.state = 'ERROR';
  await sweep();
  expect([(await alice.look(stopped)).state, (await alice.look(broken)).state]).toEqual(['SHUTOFF', 'ERROR']);
  expect((await alice.look(broken)).stateReason).toBe('no valid host was found');
  house.driver.machines.get(broken)!.state = 'ACTIVE';
  await sweep();
  expect(await alice.look(broken)).toMatchObject({ state: 'ACTIVE', stateReason: null });
  expect((await alice.change('destroy', broken)).data.destroyVirtualMachine.state).toBe('DELETED');
});

test('what carries our id and belongs to no machine is destroyed', async () => {
  const orphan = randomUUID();
  house.driver.things.set(`server-${orphan}`, { kind: 'server', id: `server-${orphan}`, machineId: orphan });
  await sweep();
  expect(thingsOf(orphan)).toEqual([]);
});

test('what is left of a machine that is over is destroyed, and that of one that lives is not', async () => {
  const [over, alive] = [await alice.machine(), await alice.machine()];
  await alice.change('destroy', over);
  house.driver.things.set(`port-${over}`, { kind: 'port', id: `port-${over}`, machineId: over });
  await sweep();
  expect([thingsOf(over), thingsOf(alive)]).toEqual([[], ['port', 'server', 'floating-ip']]);
});

test('a launch whose process died in the middle is finished, and makes one machine', async () => {
  const hold = Promise.withResolvers<void>();
  house.driver.before = (step) => (step === 'server' ? hold.promise : undefined);
  const id = (await alice.launch()).data.launchVirtualMachine.id as string;
  await expect.poll(() => thingsOf(id)).toEqual(['port']);
  await database.query('update cloud_vm.virtual_machine set worker = $2 where id = $1', [id, randomUUID()]);
  house.driver.before = () => undefined;
  await sweep();
  await alice.until(id, 'ACTIVE');
  hold.resolve();
  expect(thingsOf(id).toSorted()).toEqual(['floating-ip', 'port', 'server']);
});

test('a machine whose caller waited in a process that died is destroyed', async () => {
  house.driver.bootMs = 60_000;
  const id = (await alice.launch()).data.launchVirtualMachine.id as string;
  await database.query('update cloud_vm.virtual_machine set awaited_by = $2 where id = $1', [id, randomUUID()]);
  await sweep();
  await alice.until(id, 'DELETED');
  expect(thingsOf(id)).toEqual([]);
  house.driver.bootMs = 0;
});

test('a machine that became ACTIVE, and whose caller went with its process before taking it, is destroyed', async () => {
  const id = await alice.machine();
  await database.query('update cloud_vm.virtual_machine set awaited_by = $2 where id = $1', [id, randomUUID()]);
  await sweep();
  await alice.until(id, 'DELETED');
});

test('a machine that somebody waits for here is not taken from them by a sweep', async () => {
  house.driver.bootMs = 1_000;
  const launched = alice.launch({ waitSeconds: 20, destroyUnlessActive: true });
  await expect.poll(async () => (await database.query('select 1 from cloud_vm.virtual_machine where awaited_by is not null')).rowCount).toBe(1);
  await sweep();
  expect((await launched).data.launchVirtualMachine.state).toBe('ACTIVE');
  expect((await database.query('select 1 from cloud_vm.virtual_machine where awaited_by is not null')).rowCount).toBe(0);
  house.driver.bootMs = 0;
});

test('a sweep while a machine is made does no harm to it', async () => {
  const hold = Promise.withResolvers<void>();
  house.driver.before = (step) => (step === 'floating-ip' ? hold.promise : undefined);
  const id = (await alice.launch()).data.launchVirtualMachine.id as string;
  await expect.poll(() => thingsOf(id)).toEqual(['port', 'server']);
  await sweep();
  hold.resolve();
  await alice.until(id, 'ACTIVE');
  expect(thingsOf(id)).toHaveLength(3);
});

test('what cannot be released at once is tried again until it is', async () => {
  const id = await alice.machine();
  let failures = 2;
  house.driver.before = (step) => {
    if (step === 'destroy server' && failures-- > 0) throw new Error('the cloud lost its mind');
  };
  expect((await alice.change('destroy', id)).data.destroyVirtualMachine.state).toBe('DELETED');
  expect(thingsOf(id)).toEqual([]);
});
