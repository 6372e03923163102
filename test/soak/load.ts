import { setTimeout as delay } from 'node:timers/promises';
import type { InterconnectWorld } from '../testkit/interconnect.world.js';
import { sampleReport } from '../testkit/sample.js';
import { subscribe } from '../testkit/subscription.js';
import type { SupergraphFile } from './supergraph.file.js';
import type { Turnstile } from './turnstile.js';

/** One kind of thing that callers do; it is done again and again, by so many at once. */
interface Activity {
  name: string;
  callers: number;
  once(world: InterconnectWorld, count: number): Promise<void>;
  /** How long a caller waits before it does it again. */
  everyMs?: number;
}

/** Rows are written over and over: what grows is not to be the database. */
const ROWS = 50;

const RELOAD_EVERY_MS = 5_000;

/** Operations that fill what remembers documents: a busy platform has seen as many long before it is looked at. */
const OPERATIONS_BEFORE = 2_500;
const ASKED_AT_ONCE = 8;

const TASK = 'query ($first: Int) { tasks(first: $first) { nodes { id state owner { username } chosen { gpuModel identifier { value organization { name } } } } } }';
const FIELDS = ['state', 'stateReason', 'source', 'createdAt', 'expiresAt'];

const machine = (count: number) => ({ id: String(1 + (count % ROWS)), name: `soaked ${count}`, cpus: 8, status: 'RUNNING', memoryBytes: 1_000, gpu: 'RTX 4090', ip: '10.0.0.1' });

const address = (count: number): string => `10.2.0.${1 + (count % ROWS)}`;

const activities: readonly Activity[] = [
  { name: 'joins', callers: 4, once: async ({ root }, count) => void (await root.ask(TASK, { first: 1 + (count % 20) })) },
  {
    name: 'operations never seen before',
    callers: 1,
    once: async ({ root }, count) => void (await root.ask(newOperation('Soak', count))),
  },
  { name: 'refused operations', callers: 1, once: async ({ alice }, count) => void (await alice.graph(`{ nothing${count} { id } }`)) },
  {
    name: 'mutations',
    callers: 1,
    once: async ({ root }, count) => void (await root.ask('mutation ($machine: MachineInput!) { saveMachines(input: { machines: [$machine] }) { id } }', { machine: machine(count) })),
  },
  {
    name: 'legacy routes',
    callers: 2,
    once: async ({ root, alice, report }, count) => {
      mustBe(200, await root.simpleServer('GET', 'info'));
      mustBe(200, await report(sampleReport({ network_ips: address(count), network_ips_available: address(count) })));
      mustBe(200, await alice.interconnect('GET', 'computing_resources/?page=1&page_size=20'));
    },
  },
  {
    name: 'subscriptions that come and go',
    callers: 6,
    once: async ({ root, alice }, count) => {
      const subscriptions = [
        await subscribe(root, `subscription { machineChanged { id machine { id name ${count % 2 === 0 ? 'status' : 'gpu'} } } }`),
        await subscribe(alice, 'subscription { taskChanged { id state task { id chosen { gpuModel } } } }'),
      ];
      await delay(500 + (count % 10) * 100);
      for (const { errors } of subscriptions) if (errors.length > 0) throw new Error(`a subscription failed: ${JSON.stringify(errors)}`);
      await Promise.all(subscriptions.map((subscription) => subscription.end()));
    },
  },
];

function newOperation(name: string, count: number): string {
  return `query ${name}${count} { tasks(first: 3) { nodes { id a${count}: ${FIELDS[count % FIELDS.length]} } } }`;
}

/** Fills the caches, which are bounded: what grows later is no cache that fills. */
export async function fillCaches({ root }: InterconnectWorld): Promise<void> {
  let count = 0;
  const caller = async (): Promise<void> => {
    while (count < OPERATIONS_BEFORE) await root.ask(newOperation('Filling', count++));
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, caller));
}

function mustBe(expected: number, { status, body }: { status: number; body: unknown }): void {
  if (status !== expected) throw new Error(`expected status ${expected}, got ${status}: ${JSON.stringify(body).slice(0, 300)}`);
}

/** How often each was done. */
export type Done = Record<string, number>;

/** Does all of them until the signal is aborted; fails with the first that fails. */
export async function mixedLoad(world: InterconnectWorld, supergraph: SupergraphFile, turnstile: Turnstile, until: AbortSignal): Promise<Done> {
  const reloads: Activity = {
    name: 'reloads of the supergraph',
    callers: 1,
    once: () => supergraph.replace(),
    everyMs: RELOAD_EVERY_MS,
  };
  const all = [...activities, reloads];
  const done: Done = Object.fromEntries(all.map(({ name }) => [name, 0]));
  const caller = async ({ name, once, everyMs }: Activity): Promise<void> => {
    while (!until.aborted) {
      await turnstile.through(() => once(world, done[name]!++));
      if (everyMs !== undefined) await delay(everyMs);
    }
  };
  await Promise.all(all.flatMap((activity) => Array.from({ length: activity.callers }, () => caller(activity))));
  return done;
}
