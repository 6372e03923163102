import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesUnderTest, root, type Actor, type MachinesUnderTest } from '../testkit/machines.kit.js';

const LISTEN = 'subscription ($id: ID, $after: ID) { machineChanged(id: $id, after: $after) { id at state machine { id status cpus } } }';

let machines: MachinesUnderTest;
let ann: Actor;
beforeAll(async () => {
  machines = await machinesUnderTest();
  ann = await machines.actor('ann');
});
afterAll(() => machines.stop());

const save = (...list: { id: number; status?: string; cpus?: number }[]) =>
  machines.did('mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { id } }', {
    as: root,
    variables: { input: { machines: list.map(({ id, ...more }) => ({ id: String(id), cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: '', ip: '10.0.0.1', ...more })) } },
  });
const grant = (machineId: number, revoke = false) =>
  machines.did('mutation ($input: GrantMachineInput!) { grantMachine(input: $input) { id } }', { as: root, variables: { input: { machineId: String(machineId), userId: ann.id, revoke } } });

async function take(stream: AsyncIterableIterator<{ data: { machineChanged: { id: string; state: string; machine: { id: string; status: string } } } }>, count: number) {
  const events = [];
  while (events.length < count) events.push((await stream.next()).value.data.machineChanged);
  return events;
}

test('a subscriber hears of the machines it may see, and of no others', async () => {
  await save({ id: 1 }, { id: 2 });
  await grant(1);
  const stream = await machines.listen(LISTEN, { as: ann.caller });
  await save({ id: 1, status: 'STOPPED' }, { id: 2, status: 'STOPPED' });
  await save({ id: 2, status: 'RUNNING' });
  await save({ id: 1, status: 'RUNNING' });
  const events = await take(stream, 2);
  expect(events.map(({ state, machine }) => [machine.id, state])).toEqual([['1', 'STOPPED'], ['1', 'RUNNING']]);
  await stream.return?.();
});

test('an event tells the status as it was, and the machine as it is', async () => {
  const stream = await machines.listen(LISTEN, { as: root, variables: { id: '3' } });
  await save({ id: 3, status: 'STOPPED' }, { id: 4 });
  const [first] = await take(stream, 1);
  await save({ id: 3, status: 'RUNNING' });
  await stream.return?.();
  const replay = await machines.listen(LISTEN, { as: root, variables: { after: first!.id } });
  const missed = await take(replay, 2);
  expect(missed.map(({ state, machine }) => [machine.id, state, machine.status])).toEqual([['4', 'RUNNING', 'RUNNING'], ['3', 'RUNNING', 'RUNNING']]);
  await replay.return?.();
});

test('what did not change makes no event', async () => {
  await save({ id: 5 });
  const stream = await machines.listen(LISTEN, { as: root, variables: { id: '5' } });
  await save({ id: 5 });
  await save({ id: 5, cpus: 2 });
  await save({ id: 5, cpus: 2 });
  await save({ id: 5, cpus: 3 });
  const events = await take(stream, 2);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  await save({ id: 5, cpus: 4 });
  expect((await take(stream, 1))[0]!.machine).toMatchObject({ cpus: 4 });
  await stream.return?.();
});

test('a replay asks again what may be seen', async () => {
  await save({ id: 6 });
  await grant(6);
  const stream = await machines.listen(LISTEN, { as: ann.caller, variables: { id: '6' } });
  await save({ id: 6, cpus: 2 });
  const [first] = await take(stream, 1);
  await stream.return?.();
  await save({ id: 6, cpus: 3 });
  await grant(6, true);
  const replay = await machines.listen(LISTEN, { as: ann.caller, variables: { after: first!.id } });
  await save({ id: 1, cpus: 9 });
  expect((await take(replay, 1))[0]!.machine.id).toBe('1');
  await replay.return?.();
});

test('a stream ends at once, also while it waits', async () => {
  const stream = await machines.listen(LISTEN, { as: root });
  const waiting = stream.next();
  await stream.return?.();
  expect((await waiting).done).toBe(true);
});

test('an event that never was, and an id that cannot be, are refused', async () => {
  await expect(machines.listen(LISTEN, { as: root, variables: { after: 'rubbish' } })).rejects.toThrow('BAD_INPUT');
  await expect(machines.listen(LISTEN, { as: root, variables: { after: Buffer.from('1.999999').toString('base64url') } })).rejects.toThrow('EVENT_EXPIRED');
  await expect(machines.listen(LISTEN, { as: root, variables: { id: '-7' } })).rejects.toThrow('BAD_INPUT');
  await expect(machines.listen(LISTEN)).rejects.toThrow('UNAUTHENTICATED');
});
