import { afterAll, beforeAll, expect, test } from 'vitest';
import { Actor, openScheduling, type TestScheduling } from '../testkit/scheduling.actor.js';

let house: TestScheduling;
let alice: Actor;
let bob: Actor;
let admin: Actor;
beforeAll(async () => {
  house = await openScheduling();
  alice = new Actor(house.subgraph);
  bob = new Actor(house.subgraph);
  admin = new Actor(house.subgraph, { roles: ['ADMIN'] });
});
afterAll(() => house.subgraph.stop());

type Listened = Awaited<ReturnType<Actor['listen']>>;

/** The next events, each as `<task>:<state then>`. */
async function next(events: Listened, howMany: number): Promise<{ told: string[]; lastId: string }> {
  const told: string[] = [];
  let lastId = '';
  while (told.length < howMany) {
    const { id, state, task } = (await events.next()).value.data.taskChanged;
    told.push(`${task.id}:${state}`);
    lastId = id;
  }
  return { told, lastId };
}

test('a subscriber is told every state a task enters, in order, with the task as it is now', async () => {
  const events = await alice.listen();
  const { id } = await alice.submit({});
  await alice.choose(id, 1);
  await alice.release(id);
  expect((await next(events, 4)).told).toEqual(['OFFERED', 'ALLOCATING', 'ALLOCATED', 'RELEASED'].map((state) => `${id}:${state}`));
  await events.return?.();
});

test('the task of an event is the task as it is at that moment, not as it was first seen', async () => {
  const events = await alice.listen();
  const { id } = await alice.submit({});
  expect((await events.next()).value.data.taskChanged).toMatchObject({ state: 'OFFERED', task: { id, state: 'OFFERED' } });
  await alice.release(id);
  expect((await events.next()).value.data.taskChanged).toMatchObject({ state: 'RELEASED', task: { id, state: 'RELEASED' } });
  await events.return?.();
});

test('a subscriber of one task hears of that one alone', async () => {
  const [one, other] = [await alice.submit({}), await alice.submit({})];
  const events = await alice.listen({ id: one.id });
  await alice.release(other.id);
  await alice.release(one.id);
  expect((await next(events, 1)).told).toEqual([`${one.id}:RELEASED`]);
  await events.return?.();
});

test('after a gap the missed events come first, each once, also when everything is asked for', async () => {
  const live = await alice.listen();
  const { id } = await alice.submit({});
  const { lastId } = await next(live, 1);
  await live.return?.();
  await alice.choose(id, 1);
  const again = await alice.listen({ after: lastId });
  await alice.release(id);
  expect((await next(again, 3)).told).toEqual([`${id}:ALLOCATING`, `${id}:ALLOCATED`, `${id}:RELEASED`]);
  await again.return?.();
});

test('neither live nor replayed does anybody hear of somebody else\'s task, but an admin', async () => {
  const before = await admin.listen();
  const { id: first } = await bob.submit({});
  const { lastId } = await next(before, 1);
  await before.return?.();
  const secret = await alice.submit({});
  const [bobs, admins] = [await bob.listen({ after: lastId }), await admin.listen({ after: lastId })];
  await alice.release(secret.id);
  await bob.release(first);
  expect((await next(bobs, 1)).told).toEqual([`${first}:RELEASED`]);
  expect((await next(admins, 3)).told).toEqual([`${secret.id}:OFFERED`, `${secret.id}:RELEASED`, `${first}:RELEASED`]);
  await bobs.return?.();
  await admins.return?.();
});

test('ending a subscription ends it at once, even while an event is awaited', async () => {
  const events = await alice.listen();
  const pending = events.next();
  await events.return?.();
  expect((await pending).done).toBe(true);
});

test('an event id that was never given out is refused', async () => {
  await expect(alice.listen({ after: 'nonsense' })).rejects.toThrow('BAD_INPUT');
  await expect(alice.listen({ after: Buffer.from('1.999999').toString('base64url') })).rejects.toThrow('EVENT_EXPIRED');
});
