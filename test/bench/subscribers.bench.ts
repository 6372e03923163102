import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { actor, type Actor } from '../testkit/actor.js';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { sampleReport } from '../testkit/sample.js';
import type { Benchmark } from './benchmark.js';

const USERS = 500;
const SOCKETS_EACH = 10;
const SOCKETS = USERS * SOCKETS_EACH;
const AT_ONCE = 20;
const ROUNDS = 3;
const TARGET = 1.3;
const PATIENCE_MS = 600_000;
const PROTOCOL = 'graphql-transport-ws';

/** What a resource tells of itself: each socket of a user asks for one of these more, so that no two of its selections are the same. */
const FIELDS = ['price', 'gpuMemory', 'gpuPerformance', 'gpuAvailable', 'cpuPerformance', 'cpuAvailable', 'networkIps', 'networkPorts', 'observedAt', 'stale'];

/** A task of scheduling, with its owner of machines and the resources of compute-registry that it was offered. */
const joined = (socket: number): string =>
  `id state owner { username } offers(first: 3) { nodes { rank resource { gpuModel identifier { value organization { name } } ${FIELDS[socket % FIELDS.length]} } } }`;

/** The sockets of all users; each subscribes to tasks, and counts what it is told of each. */
class Crowd {
  readonly #sockets: WebSocket[] = [];
  readonly #told = new Map<string, { sockets: number; lastAt: number }>();
  #fault: string | undefined;

  async join(url: string, { credential }: Actor): Promise<void> {
    for (let count = 0; count < SOCKETS_EACH; count += 1) {
      const socket = new WebSocket(url, PROTOCOL);
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${credential}` } }));
      await once(socket, 'message');
      socket.on('message', (data: Buffer) => this.#take(data.toString()));
      socket.on('close', (code) => (this.#fault ??= `a socket was closed with ${code}`));
      this.#send(socket, 'events', `subscription { taskChanged { task { ${joined(count)} } } }`, {});
      this.#sockets.push(socket);
    }
  }

  /** Asks for the same of a task with a query on every socket. */
  ask(taskId: number, id: string): void {
    for (const [index, socket] of this.#sockets.entries()) this.#send(socket, id, `query ($id: ID!) { task(id: $id) { ${joined(index)} } }`, { id: String(taskId) });
  }

  /** How many sockets were told this. */
  told(what: string): number {
    return this.#told.get(what)?.sockets ?? 0;
  }

  /** When the last socket was told this. */
  async lastOf(what: string): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.told(what) < SOCKETS) {
      if (this.#fault !== undefined) throw new Error(this.#fault);
      if (performance.now() > deadline) throw new Error(`only ${this.told(what)} of ${SOCKETS} sockets were told ${what}`);
      await delay(20);
    }
    return this.#told.get(what)!.lastAt;
  }

  close(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('close').terminate();
  }

  #send(socket: WebSocket, id: string, query: string, variables: Record<string, unknown>): void {
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
  }

  #take(text: string): void {
    const { type, id, payload } = JSON.parse(text) as { type: string; id: string; payload?: { data?: { taskChanged?: { task: { id: string } } }; errors?: unknown } };
    if (type === 'error' || payload?.errors !== undefined) this.#fault ??= text.slice(0, 500);
    if (type !== 'next') return;
    const what = payload?.data?.taskChanged ? `task ${payload.data.taskChanged.task.id}` : id;
    this.#told.set(what, { sockets: this.told(what) + 1, lastAt: performance.now() });
  }
}

async function gather({ platform, root }: InterconnectWorld): Promise<Crowd> {
  const crowd = new Crowd();
  const url = `${platform.url.replace('http', 'ws')}/graphql`;
  for (let first = 0; first < USERS; first += AT_ONCE) {
    // An admin hears of everybody's tasks.
    const users = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => actor(root, `listener${first + n}`, { roles: ['ADMIN'] })));
    await Promise.all(users.map((user) => crowd.join(url, user)));
  }
  return crowd;
}

/** Submits tasks until one was told to all: the protocol does not say when a subscription listens. */
async function warm(world: InterconnectWorld, crowd: Crowd, model: string): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    const { task_id: task } = await world.submit({ gpu_model: model });
    for (let told = -1; told < crowd.told(`task ${task}`); await delay(3_000)) told = crowd.told(`task ${task}`);
    if (crowd.told(`task ${task}`) === SOCKETS) return;
  }
  throw new Error('not all subscriptions listen');
}

const manyUsers: Benchmark = {
  name: '500 users, 10 sockets each with different selections, one event joined over three subgraphs: time to the last socket',
  target: '≤ 1.3 × the same joins as queries on the same sockets',
  meets: (ratio) => ratio <= TARGET,
  run: async () => {
    const world = await interconnectWorld({ database: 'embedded', environment: { REQUEST_TIMEOUT_SECONDS: '600', SUBGRAPH_TIMEOUT_SECONDS: '600' } });
    try {
      const model = world.newModel();
      for (const address of ['10.1.0.1', '10.1.0.2', '10.1.0.3']) await world.report(sampleReport({ gpu_model: model, network_ips: address, network_ips_available: address }));
      const crowd = await gather(world);
      await warm(world, crowd, model);
      const ms: Record<'event' | 'queries', number[]> = { event: [], queries: [] };
      for (let round = 0; round <= ROUNDS; round += 1) {
        const begun = performance.now();
        const { task_id: task } = await world.submit({ gpu_model: model });
        const event = (await crowd.lastOf(`task ${task}`)) - begun;
        const asked = performance.now();
        crowd.ask(task, `round${round}`);
        const queries = (await crowd.lastOf(`round${round}`)) - asked;
        // The first round is for the compiler and the plans.
        if (round === 0) continue;
        ms.event.push(Math.round(event));
        ms.queries.push(Math.round(queries));
      }
      crowd.close();
      return { ratio: ms.event.map((value, round) => value / ms.queries[round]!), detail: { sockets: SOCKETS, ms } };
    } finally {
      await world.platform.dispose();
    }
  },
};

export const benchmarks: Benchmark[] = [manyUsers];
