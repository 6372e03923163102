import { expect, test } from 'vitest';
import { Client } from 'pg';
import { cloudVmHouse } from '../testkit/cloud-vm.actor.js';

// Several processes of this subgraph on one database and one cloud: they share the work, and nothing is done twice.

const SETTINGS = { atOnce: 3 };

async function twoProcesses() {
  const first = await cloudVmHouse(SETTINGS);
  const second = await cloudVmHouse(SETTINGS, true, first);
  return { first, second, driver: first.driver };
}

test('machines are launched by both, no more at once than the setting says, each once, and a destroy in one breaks off the launch of the other', async () => {
  const { first, second, driver } = await twoProcesses();
  try {
    driver.before = () => new Promise((resolve) => setTimeout(resolve, 10));
    const as = first.actor();
    const inSecond = second.actor(as.as);
    const launched = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? as : inSecond).launch()));
    const ids = launched.map(({ data }) => data.launchVirtualMachine.id as string);
    const [unwanted, wanted] = [ids.slice(15), ids.slice(0, 15)];
    await Promise.all([...wanted.map((id) => as.until(id, 'ACTIVE')), ...unwanted.map((id) => inSecond.change('destroy', id))]);
    expect(driver.mostAtOnce).toBeLessThanOrEqual(SETTINGS.atOnce);
    expect(new Set(driver.launches).size).toBe(driver.launches.length);
    await expect.poll(() => new Set([...driver.things.values()].map(({ machineId }) => machineId))).toEqual(new Set(wanted));
  } finally {
    await second.subgraph.stop();
    await first.subgraph.stop();
  }
});

test('what a process is at when it is told to stop is finished by another one, and nobody is told of a failure', async () => {
  const { first, second, driver } = await twoProcesses();
  const database = new Client({ connectionString: first.subgraph.databaseUrl });
  await database.connect();
  try {
    const hold = Promise.withResolvers<void>();
    driver.before = (step) => (step === 'server' ? hold.promise : undefined);
    const as = first.actor();
    const ids = (await Promise.all([1, 2, 3].map(() => as.launch()))).map(({ data }) => data.launchVirtualMachine.id as string);
    await expect.poll(() => driver.atOnce).toBe(3);
    const stopped = second.subgraph.stop();
    driver.before = () => undefined;
    setTimeout(hold.resolve, 50);
    await stopped;
    await Promise.all(ids.map((id) => as.until(id, 'ACTIVE')));
    const { rows } = await database.query('select distinct tries, state_reason from cloud_vm.virtual_machine');
    expect(rows).toEqual([{ tries: 0, state_reason: null }]);
    expect([...driver.things.values()].filter(({ kind }) => kind === 'server')).toHaveLength(3);
  } finally {
    await database.end();
    await first.subgraph.stop();
  }
});
