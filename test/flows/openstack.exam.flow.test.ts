import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, openStack } from '../testkit/engines.js';
import { machineWorld, type MachineWorld } from '../testkit/machine.world.js';
import { openStackPlatformCloud, recordedHoldings } from '../testkit/platform-cloud.js';
import { full } from '../testkit/seed.js';

// Everybody who sits an exam gets a machine at the same moment.

const SEATS = full ? 200 : 30;
/** One host that plays a whole OpenStack takes seconds for each. */
const PATIENCE_MS = SEATS * 20_000;

describe.skipIf(isMissing(openStack))('an exam on a real OpenStack with fake compute', { timeout: 2 * PATIENCE_MS + 60_000 }, () => {
  let world: MachineWorld<'teacher'>;
  let database: Client;

  beforeAll(async () => {
    world = await machineWorld(await openStackPlatformCloud(), ['teacher'], { CLOUD_MACHINES_PER_USER: String(SEATS) });
    database = new Client({ connectionString: world.platform.databaseUrl });
    await database.connect();
  }, 400_000);
  afterAll(async () => {
    await database?.end();
    await world?.dispose();
  }, 600_000);

  interface Seat {
    id: string;
    state: string;
    ipv4: string | null;
  }

  async function seatsIn(states: readonly string[]): Promise<Seat[]> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { rows } = await database.query<Seat>('select id, state, ipv4 from cloud_vm.virtual_machine');
      if (rows.every(({ state }) => states.includes(state))) return rows;
      if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify(rows)}`);
      await delay(500);
    }
  }

  test('all its machines are launched at once: each is answered at once, none is lost, each has an address of its own, and all are released', async () => {
    const { users: { teacher }, cloud } = world;
    const launched = await Promise.all(Array.from({ length: SEATS }, (_, n) => teacher.launch({ name: `seat ${n}` })));
    expect(launched.map(({ state }) => state)).toEqual(launched.map(() => 'BUILD'));
    const seats = await seatsIn(['ACTIVE', 'ERROR']);
    expect(seats.map(({ id, state }) => `${id} ${state}`).toSorted()).toEqual(launched.map(({ id }) => `${id} ACTIVE`).toSorted());
    expect(new Set(seats.map(({ ipv4 }) => ipv4)).size).toBe(SEATS);
    expect(await cloud.holdings()).toEqual(await recordedHoldings(database));

    for (const { id } of launched) await teacher.actor.ask('mutation ($id: ID!) { destroyVirtualMachine(id: $id) { state } }', { id });
    await seatsIn(['DELETED']);
    expect(await cloud.holdings()).toEqual([]);
  });
});
