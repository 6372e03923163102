import { setTimeout as delay } from 'node:timers/promises';
import { encodeEventId } from '@hutong/common';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin, type Actor } from '../testkit/actor.js';
import { MODE, startPlatform, type Part, type Platform } from '../testkit/platform.js';
import { runSeed, seeded } from '../testkit/seed.js';
import { stream, subscribe, type Subscribe } from '../testkit/subscription.js';

// Clients that lose their connection now and then, and resume behind the last event they saw, while what serves them dies.

const MACHINES = 'subscription ($after: ID) { machineChanged(after: $after) { id machine { id name } } }';
const SAVE = 'mutation ($machines: [MachineInput!]!) { saveMachines(input: { machines: $machines }) { id } }';
const EVENTS = 1_000;
const AT_ONCE = 5;
const PATIENCE_MS = 90_000;
/** The connection was lost, or was closed with a code after which a client comes back. */
const RESUMABLE: unknown[] = [1001, 1006, 1013, 'complete', 'broken'];

const seed = runSeed();
console.log(`resuming: HUTONG_TEST_SEED=${seed}`);

let platform: Platform;
let root: Actor;
let database: Client;
beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
  database = new Client({ connectionString: platform.databaseUrl! });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await platform?.dispose();
});

/** Repeats what may fail while a process is away; a machine that is saved again as it is tells nothing. */
async function insisting<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}

const save = (...ids: number[]) =>
  insisting(() => root.ask(SAVE, { machines: ids.map((id) => ({ id: String(id), name: `machine ${id}`, cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: 'none', ip: '10.0.0.1' })) }));

/** The events of the database, past the product. */
async function stored(): Promise<string[]> {
  const { rows } = await database.query<{ xid: string; sequence: string }>('select xid::text, sequence::text from machines.event e order by e.xid, e.sequence');
  return rows.map(({ xid, sequence }) => encodeEventId({ xid: BigInt(xid), sequence: BigInt(sequence) }));
}

/** Every event that a client sees, over all its connections; ends with the last one. */
async function resuming(connect: Subscribe, random: () => number, after: string, isLast: (id: string) => boolean): Promise<string[]> {
  const seen: string[] = [];
  const deadline = Date.now() + PATIENCE_MS;
  while (seen.length === 0 || !isLast(seen.at(-1)!)) {
    if (Date.now() > deadline) throw new Error(`saw only ${seen.length} events`);
    const subscription = await connect(root, MACHINES, { after: seen.at(-1) ?? after });
    const how = await Promise.race([subscription.closed, delay(100 + random() * 1_500, undefined)]);
    await subscription.end();
    const failures = subscription.errors.map(({ extensions }) => extensions.code).filter((code) => code !== 'SUBGRAPH_UNAVAILABLE');
    expect(failures).toEqual([]);
    if (how !== undefined && how !== 'refused') expect(RESUMABLE).toContain(how);
    for (const { machineChanged: { id, machine } } of subscription.events) {
      expect(machine).toEqual({ id: expect.any(String), name: `machine ${machine.id}` });
      seen.push(id as string);
    }
    await delay(10);
  }
  return seen;
}

const victims: (Part | 'all')[] = MODE === 'split' ? ['gateway', 'machines', 'all'] : ['all'];

test.each(victims)('resuming clients see each of 1,000 events once, in order, over a kill -9 in their middle (%s)', async (victim) => {
  const first = (victims.indexOf(victim) + 1) * 10_000;
  await save(first);
  const begin = (await stored()).at(-1)!;
  let last: string | undefined;
  const clients = [subscribe, subscribe, subscribe, stream, stream, stream].map((connect, n) => resuming(connect, seeded(seed + n), begin, (id) => id === last));
  const writing = (async () => {
    let crash: Promise<void> | undefined;
    for (let saved = 0; saved < EVENTS; saved += AT_ONCE) {
      // Nobody who writes or reads waits for what is killed.
      if (saved === EVENTS / 2) crash = (victim === 'all' ? platform.kill() : platform.crash(victim)).then(() => platform.recover());
      await save(...Array.from({ length: AT_ONCE }, (_, n) => first + 1 + saved + n));
    }
    await crash;
    const events = await stored();
    last = events.at(-1)!;
    return events.slice(events.indexOf(begin) + 1);
  })();
  const [expected, ...seen] = await Promise.all([writing, ...clients]);
  expect(expected).toHaveLength(EVENTS);
  for (const ids of seen) expect(ids).toEqual(expected);
}, 180_000);
