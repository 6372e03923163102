import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor } from '../testkit/actor.js';
import { until } from '../testkit/processes.js';
import { stream, subscribe, type Subscription } from '../testkit/subscription.js';
import { EXPECTED, leaksIn, NOTHING } from './answers.js';
import { again, CALLERS, type CallerName } from './callers.js';
import { happenTo, machinesChange, resourceIsReported, type Tags } from './happenings.js';
import { graph, scopeOf } from './schema.js';
import { wholeDocument } from './selection.js';
import { markdownOf } from './table.js';
import { KEPT } from './things.js';
import type { World } from './world.js';

const TOLD = 'told';
const ABOUT = `Whether each caller is told of what happens to the member's things, replayed and as it happens: \`${TOLD}\`, or \`${NOTHING}\` while they are told of their own; else the code of the refusal, or with which the socket is closed.`;
const TRANSPORTS = { WebSocket: subscribe, 'event stream': stream };
const SIGNED_IN: readonly CallerName[] = ['in scope', 'member', 'other member', 'other provider', 'provider', 'admin'];
const FIELDS = ['uploadProgress', 'jobChanged', 'virtualMachineChanged', 'machineChanged', 'taskChanged'] as const;
type Field = (typeof FIELDS)[number] | 'computingResourceReported' | 'trainingLog';

/** One subscription of one caller. */
interface Listener {
  row: string;
  field: Field;
  caller: CallerName;
  isOfOne: boolean;
  subscription: Subscription;
  ended?: number | string;
}

/** What stands in the events of the member's things, and of what each caller is told for certain, of one round. */
interface Round {
  members: Tags;
  own: ReadonlyMap<CallerName, Tags>;
}

/** Subscriptions of every caller, over both transports. */
export function subscriptionsSuite(world: () => World): void {
  describe('subscriptions', () => {
    let all: Listener[] = [];
    const open: Subscription[] = [];
    const rounds: Round[] = [];

    const listen = async (transport: keyof typeof TRANSPORTS, of: string | undefined, field: Field, caller: CallerName, variables: Record<string, unknown>): Promise<Listener> => {
      const document = wholeDocument(graph, 'subscription', graph.getSubscriptionType()!, field);
      const subscription = await TRANSPORTS[transport](world().callers.as(caller, scopeOf(`Subscription.${field}`)), document, variables);
      open.push(subscription);
      const listener: Listener = { row: `${field}${of === undefined ? '' : `, ${of}`} (${transport})`, field, caller, isOfOne: of !== undefined, subscription };
      void subscription.closed.then((ended) => (listener.ended = ended));
      return listener;
    };

    beforeAll(async () => {
      const before = await lastEvents(world());
      rounds.push(await roundOf(world()));
      const { members } = rounds[0]!;
      const training = { id: world().things.training, after: await beginningOf(world()) };
      const asked: [Field, string | undefined, Record<string, unknown>][] = [
        ...FIELDS.map((field): [Field, undefined, object] => [field, undefined, { after: before[field] }]) as [Field, undefined, Record<string, unknown>][],
        ...(['jobChanged', 'virtualMachineChanged', 'taskChanged'] as const).map((field): [Field, string, Record<string, unknown>] => [field, 'of one of the member’s', { id: members[field], after: before[field] }]),
        ['machineChanged', 'of one of the member’s', { id: '910000001', after: before.machineChanged }],
        ['computingResourceReported', undefined, {}],
        ['trainingLog', 'of one of the member’s', training],
      ];
      const transports = Object.keys(TRANSPORTS) as (keyof typeof TRANSPORTS)[];
      all = await Promise.all(transports.flatMap((transport) => asked.flatMap(([field, of, variables]) => CALLERS.map((caller) => listen(transport, of, field, caller, variables)))));
    }, 120_000);
    afterAll(() => Promise.all(open.map((subscription) => subscription.end())));

    test('there is a row for every field', () => {
      expect([...new Set(all.map(({ field }) => field))].toSorted()).toEqual(Object.keys(graph.getSubscriptionType()!.getFields()).toSorted());
    });

    test('every caller is told what the table says, of what was and of what is', async () => {
      await untilTold(all, rounds[0]!);
      rounds.push(await roundOf(world()));
      await untilTold(all, rounds[1]!);
      await untilReported(world(), all);
      const table = new Map<string, Record<string, string>>();
      for (const listener of all) table.set(listener.row, { ...table.get(listener.row), [listener.caller]: cellOf(listener, rounds) });
      await expect(markdownOf('Subscriptions', ABOUT, 'field', table)).toMatchFileSnapshot(join(EXPECTED, 'subscriptions.md'));
    }, 180_000);

    test('nothing marked as somebody’s is told to somebody else', () => {
      const leaks = all.flatMap(({ row, caller, subscription }) => leaksIn(JSON.stringify([subscription.events, subscription.errors]), caller).map((mark) => `${row} tells ${caller} what is ${mark}`));
      expect(leaks).toEqual([]);
      const others = all.filter(({ caller, field }) => !['member', 'in scope', 'admin'].includes(caller) && field !== 'computingResourceReported');
      const ids = rounds.flatMap(({ members }) => Object.values(members));
      expect(others.flatMap(({ row, caller, subscription }) => ids.filter((id) => JSON.stringify(subscription.events).includes(id)).map(() => `${row} to ${caller}`))).toEqual([]);
    });

    describe.each(Object.keys(TRANSPORTS) as (keyof typeof TRANSPORTS)[])('over a %s', (transport) => {
      const TASKS = 'subscription { taskChanged { state task { id template } } }';
      const END = { WebSocket: 4403, 'event stream': 'complete' }[transport];

      /** Opens a subscription that is told of a task, takes the credential away, and answers how it ended and what was told afterwards. */
      const endedBy = async (session: Actor, owner: Actor, end: () => Promise<unknown>): Promise<{ ended: unknown; later: number }> => {
        const subscription = await TRANSPORTS[transport](session, TASKS);
        open.push(subscription);
        await until('the subscription to be told', async () => {
          await owner.ask('mutation { submitTask(input: { template: {} }) { id } }');
          return subscription.events.length > 0;
        });
        await end();
        const ended = await subscription.closed;
        const told = subscription.events.length;
        await world().callers.member.ask('mutation { submitTask(input: { template: {} }) { id } }');
        return { ended, later: subscription.events.length - told };
      };

      test('a subscription ends with its session', async () => {
        const session = await again(world().callers.member);
        expect(await endedBy(session, world().callers.member, () => session.ask('mutation { logOut }'))).toEqual({ ended: END, later: 0 });
      });

      test('a subscription ends with its API token', async () => {
        const { member } = world().callers;
        const { createApiToken } = await member.ask('mutation { createApiToken(input: { name: "to be ended", scopes: ["scheduling:read"] }) { token apiToken { id } } }');
        const session = new Actor(member.platform, 'member', createApiToken.token as string, member.userId);
        expect(await endedBy(session, member, () => member.ask('mutation ($id: ID!) { revokeApiToken(id: $id) }', { id: createApiToken.apiToken.id }))).toEqual({ ended: END, later: 0 });
      });

      test('a subscription ends with its user, and when its user may do less', async () => {
        const { admin } = world().callers;
        const disabled = await actor(admin, `disabled over ${transport}`, { roles: ['ADMIN'] });
        expect(await endedBy(disabled, disabled, () => admin.ask('mutation ($id: ID!) { updateUser(input: { id: $id, disabled: true }) { id } }', { id: disabled.userId }))).toEqual({ ended: END, later: 0 });
        const demoted = await actor(admin, `demoted over ${transport}`, { roles: ['ADMIN'] });
        expect(await endedBy(demoted, demoted, () => admin.ask('mutation ($id: ID!) { updateUser(input: { id: $id, roles: [MEMBER] }) { id } }', { id: demoted.userId }))).toEqual({ ended: END, later: 0 });
      });
    });
  });
}

/** Has things happen to the member first, then to everybody who is signed in. */
async function roundOf(world: World): Promise<Round> {
  const { callers } = world;
  const members = await happenTo(world, callers.member, KEPT);
  const { granted, shown } = await machinesChange(world, callers.member.userId);
  const own = new Map<CallerName, Tags>();
  for (const caller of SIGNED_IN) {
    // The member's token hears of the member's.
    const tags = await happenTo(world, caller === 'in scope' ? callers.member : callers.as(caller, 'machines:read'), 'of their own');
    own.set(caller, { ...tags, machineChanged: shown });
  }
  return { members: { ...members, machineChanged: granted }, own };
}

const isTold = ({ subscription }: Listener, tag: string | undefined): boolean => tag !== undefined && subscription.events.some((event) => JSON.stringify(event).includes(tag));

/** Waits until everybody who listens to all of a kind has been told of what is their own, which happened last. */
async function untilTold(listeners: readonly Listener[], { own, members }: Round): Promise<void> {
  const waits = ({ field, caller, isOfOne, subscription }: Listener) => SIGNED_IN.includes(caller) && !isOfOne && (FIELDS as readonly string[]).includes(field) && subscription.errors.length === 0;
  const late = () => listeners.filter((listener) => waits(listener) && !isTold(listener, own.get(listener.caller)![listener.field as (typeof FIELDS)[number]]));
  await until('everybody to be told of their own', () => late().length === 0).catch((error: unknown) => {
    throw new Error(`${late().map(({ row, caller }) => `${row} ${caller}`).join('; ')} of ${JSON.stringify(members)}`, { cause: error });
  });
  await until('everybody else to be refused', () => listeners.filter(({ caller }) => !SIGNED_IN.includes(caller)).every(({ subscription, ended }) => subscription.errors.length > 0 || ended !== undefined));
}

async function untilReported(world: World, listeners: readonly Listener[]): Promise<void> {
  let price = 1_000;
  const listening = listeners.filter(({ field, caller }) => field === 'computingResourceReported' && SIGNED_IN.includes(caller));
  await until('reports to be told', async () => {
    await resourceIsReported(world, ++price);
    return listening.every(({ subscription }) => subscription.events.length > 0);
  });
}

function cellOf(listener: Listener, rounds: readonly Round[]): string {
  const { field, isOfOne, subscription, ended } = listener;
  const code = subscription.errors.find(({ extensions }) => extensions !== undefined)?.extensions.code;
  if (subscription.events.length === 0 && (code !== undefined || typeof ended === 'number')) return String(code ?? ended);
  if (field === 'computingResourceReported') return subscription.events.length > 0 ? TOLD : NOTHING;
  if (field === 'trainingLog') return JSON.stringify(subscription.events).includes(KEPT) ? TOLD : NOTHING;
  const told = rounds.map(({ members }) => isTold(listener, members[field]));
  // What is listened to alone happened in the first round; only machines change again.
  return (isOfOne && field !== 'machineChanged' ? told[0] : told.every(Boolean)) ? TOLD : told.some(Boolean) ? 'told in part' : NOTHING;
}

/** For each field the last event there is. */
async function lastEvents(world: World): Promise<Record<(typeof FIELDS)[number], string>> {
  const { callers } = world;
  const last: Partial<Record<(typeof FIELDS)[number], string>> = {};
  for (const field of FIELDS) {
    const subscription = await subscribe(field === 'uploadProgress' ? callers.member : callers.admin, `subscription { ${field} { id } }`);
    await until(`an event of ${field}`, async () => {
      await (field === 'machineChanged' ? machinesChange(world, callers.member.userId) : happenTo(world, callers.member, 'before'));
      return subscription.events.length > 0;
    });
    last[field] = subscription.events.at(-1)[field].id as string;
    await subscription.end();
  }
  return last as Record<(typeof FIELDS)[number], string>;
}

async function beginningOf({ callers, things }: World): Promise<string> {
  const { training } = await callers.member.ask('query ($id: ID!) { training(id: $id) { log(first: 0) { cursor } } }', { id: things.training });
  return training.log.cursor as string;
}
