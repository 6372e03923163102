import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Actor } from '../testkit/actor.js';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { startBeside, type Platform } from '../testkit/platform.js';
import { stream, subscribe } from '../testkit/subscription.js';

// Two fronts of one platform, as behind a load balancer: nobody can tell at which one they are.

const TASKS = 'subscription ($after: ID) { taskChanged(after: $after) { id state task { id owner { username } } } }';
const SUBMIT = 'mutation { submitTask(input: { template: { gpu_model: "none like this" } }) { id } }';
const SAVE = 'mutation ($machine: MachineInput!) { saveMachines(input: { machines: [$machine] }) { id } }';
const ROUNDS = 30;

let world: InterconnectWorld;
let other: Platform;
beforeAll(async () => {
  world = await interconnectWorld();
  other = await startBeside(world.platform);
});
afterAll(async () => {
  await other?.dispose();
  await world?.platform.dispose();
});

/** The same person with the same ticket, at the other front. */
const atOther = ({ username, credential, userId }: Actor) => new Actor(other, username, credential, userId);

test('what is submitted at one is told at the other, in order, and a subscriber who moves over goes on where it was', async () => {
  const { alice } = world;
  const [here, there, streamed] = [await subscribe(alice, TASKS), await subscribe(atOther(alice), TASKS), await stream(atOther(alice), TASKS)];
  await delay(500);
  const submitted: string[] = [];
  for (let n = 0; n < 10; n++) submitted.push((await (n % 2 === 0 ? alice : atOther(alice)).ask(SUBMIT)).submitTask.id);
  const told = await here.until(10);
  expect(told.map(({ taskChanged }) => taskChanged.task)).toEqual(submitted.map((id) => ({ id, owner: { username: 'alice' } })));
  expect([await there.until(10), await streamed.until(10)]).toEqual([told, told]);
  const moved = await subscribe(atOther(alice), TASKS, { after: told[4].taskChanged.id });
  expect(await moved.until(5)).toEqual(told.slice(5));
  const back = await stream(alice, TASKS, { after: told[7].taskChanged.id });
  expect(await back.until(2)).toEqual(told.slice(8));
  for (const { errors, end } of [here, there, streamed, moved, back]) {
    expect(errors).toEqual([]);
    await end();
  }
});

test('an old client that asks again and again at one sees what was changed at the other as soon as that is acknowledged', async () => {
  const { root, alice } = world;
  await root.ask(SAVE, { machine: { id: '7', name: 'first', cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: '', ip: '10.0.0.7' } });
  await root.ask('mutation { grantMachine(input: { machineId: "7", everyone: true }) { id } }');
  const fronts = [alice, atOther(alice)];
  for (let round = 0; round < ROUNDS; round++) {
    const [writer, name] = [round % 2 === 0 ? root : atOther(root), `round ${round}`];
    await writer.ask(SAVE, { machine: { id: '7', name, cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: '', ip: '10.0.0.7' } });
    for (const front of [...fronts, ...fronts]) expect((await front.simpleServer('GET', 'info')).body.data[0].name).toBe(name);
  }
});

test('a ticket given out at one works at the other, and ends at both', async () => {
  const { credential } = world.alice;
  expect((await atOther(world.alice).ask('{ me { username } }')).me.username).toBe('alice');
  await world.alice.ask('mutation { logOut }');
  await expect.poll(async () => (await new Actor(other, 'alice', credential).graph('{ me { username } }')).status, { timeout: 10_000, interval: 20 }).toBe(401);
});
