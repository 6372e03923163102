import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Actor, actor, admin, stranger } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { hold } from './runs.js';
import { simpleServerTwins } from './simple-server.twins.js';
import { anyInt, anyJson, anyText, sometimes, unstorableText } from './texts.js';
import { Tally, type Outcome } from './twin.js';

// SimpleServerAPI by its routes and by the graph.

const tally = new Tally();
const twins = tally.counted(simpleServerTwins);
const MOST_FAILURES = 3;

let platform: Platform;
let root: Actor;
let nobody: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { LOGIN_FAILURES_PER_USER_AND_ADDRESS: String(MOST_FAILURES), LOGIN_FAILURES_PER_ADDRESS: '1000000' } });
  root = await admin(platform);
  nobody = stranger(platform);
});
afterAll(() => platform?.dispose());

test('the platform says that it is up where all of the graph answers', async ({ task }) => {
  await hold(task, 'status', fc.asyncProperty(anyText(0, 20), async (text) => {
    const query = `?x=${encodeURIComponent(text)}`;
    expect(await twins['GET /status'].rest(nobody, query)).toEqual(await twins['GET /status'].graph(root, query));
  }), 5);
});

const CREATE = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }';
const password = anyText(8, 256);

/** What a log-in is tried with: the right words, or others. */
const tries = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ capitals: true }) },
  { weight: 4, arbitrary: fc.oneof(anyText(1, 300), unstorableText).map((wrong) => ({ password: wrong })) },
  { weight: 2, arbitrary: fc.constantFrom<Record<string, unknown>>({ password: '' }, { password: undefined }, { password: null }, { password: 7 }, { username: '' }, { username: undefined }, { username: null }, { username: ['admin'] }, { username: 'a\0b' }, { username: '\ud800' }) },
);

test('a log-in is taken or refused alike, the one too many included, and its ticket is good everywhere', async ({ task }) => {
  let users = 0;
  await hold(task, 'ticket', fc.asyncProperty(password, fc.array(fc.tuple(tries, fc.boolean()), { minLength: 1, maxLength: 8, size: 'max' }), async (secret, tried) => {
    const names = [`Visitor ${users++} 超`, `Visitor ${users++} 超`];
    for (const username of names) await root.ask(CREATE, { input: { username, password: secret } });
    for (const [what, swapped] of [[{}, false] as const, ...tried]) {
      const outcomes = await Promise.all(names.map((username, at) => {
        const { capitals, ...over } = what as { capitals?: true };
        const credentials = { username: capitals ? username.toUpperCase() : username, password: secret, ...over };
        return twins['POST /ticket'][(at === 0) === swapped ? 'rest' : 'graph'](nobody, credentials);
      }));
      const holders = await Promise.all(outcomes.map(seenThroughTicket));
      expect(holders[0], JSON.stringify([secret, what, swapped])).toEqual(holders[1]);
    }
    /** The outcome, and in place of what differs what its holder is told with it. */
    async function seenThroughTicket(outcome: Outcome, at: number): Promise<unknown> {
      if ('refused' in outcome) return outcome;
      const { ticket, CSRFPreventionToken, expires_at, ...rest } = outcome.data as Record<string, string>;
      const holder = new Actor(platform, rest['username']!, ticket);
      expect([CSRFPreventionToken === ticket, Math.round((Date.parse(expires_at!) - Date.now()) / 600_000)]).toEqual([false, 12]);
      const [{ me }, shown, asked] = [await holder.ask('{ me { username roles } }'), await twins['GET /info'].rest(holder, undefined), await twins['GET /info'].graph(holder, undefined)];
      expect(asked).toEqual(shown);
      return JSON.parse(JSON.stringify([rest, me, shown]).replaceAll(names[at]!, 'the visitor')) as unknown;
    }
  }), 20);
}, 300_000);

const bytes = fc.oneof(fc.constantFrom(0, 1, 2 ** 53 - 1), fc.maxSafeNat());
const machine = fc.record({
  id: anyInt.map(String),
  name: fc.option(anyText(1, 255)),
  cpus: anyInt,
  status: fc.constantFrom('RUNNING', 'STOPPED'),
  memoryBytes: bytes,
  gpu: anyText(0, 255),
  ip: fc.ipV4(),
  maxDiskBytes: fc.option(bytes),
  attributes: fc.option(fc.dictionary(fc.oneof(anyText(0, 20), fc.constantFrom('id', 'status', 'name', 'maxdisk', 'mem', 'GPU', '__proto__', 'toString')), anyJson, { maxKeys: 4 }), { nil: undefined }),
});
const SAVE = 'mutation ($machines: [MachineInput!]!) { saveMachines(input: { machines: $machines }) { id } }';
const GRANT = 'mutation ($input: GrantMachineInput!) { grantMachine(input: $input) { id } }';

test('the inventory is the same for everybody, whatever is in it, whoever was granted what, and however much it is', async ({ task }) => {
  const users = await Promise.all(['alice', 'bob'].map((name) => actor(root, name)));
  const everybody = [root, ...users, nobody, new Actor(platform, 'nobody', 'never-issued')];
  const compare = async () => {
    for (const one of everybody) {
      const [shown, asked] = [await twins['GET /info'].rest(one, undefined), await twins['GET /info'].graph(one, undefined)];
      // The page tells a missing header, which has HTTP 422, from a bad one; the graph knows nobody either way.
      expect(one === nobody ? { refused: 401 } : shown, one.username).toEqual(asked);
      if (one === nobody) expect(shown).toEqual({ refused: 422 });
    }
  };
  const change = fc.tuple(fc.uniqueArray(machine, { maxLength: 4, minLength: 1, selector: ({ id }) => id }), fc.array(fc.record({ at: fc.nat(3), user: sometimes(fc.nat(1)), revoke: fc.boolean() }), { maxLength: 5 }));
  await hold(task, 'info', fc.asyncProperty(change, async ([machines, grants]) => {
    await root.ask(SAVE, { machines });
    for (const { at, user, revoke } of grants) {
      const to = user === undefined ? { everyone: true } : { userId: users[user]!.userId };
      await root.ask(GRANT, { input: { machineId: machines[at % machines.length]!.id, revoke, ...to } });
    }
    await compare();
  }), 20);
  const many = Array.from({ length: 1_000 }, (_, at) => ({ id: String(3_000 + at), name: `machine ${at}`, cpus: at, status: 'RUNNING', memoryBytes: at, gpu: '', ip: '10.0.0.1' }));
  await root.ask(SAVE, { machines: many });
  await root.ask(SAVE, { machines: many.map((one) => ({ ...one, id: String(Number(one.id) + 1_000) })) });
  await compare();
}, 300_000);

test('every row was asked and answered both ways', ({ task }) => tally.expectEach(twins, task));
