import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { admin, type Actor } from '../testkit/actor.js';
import { startPlatform } from '../testkit/platform.js';
import type { Benchmark } from './benchmark.js';
import { withProcess } from './process.js';
import { quantile } from './statistics.js';

const SOCKETS = 5_000;
const AT_ONCE = 100;
const ROUNDS = 7;
const TARGET = 3;
/** The protocol does not say when a subscription listens. */
const LISTENING_MS = 5_000;
const PROTOCOL = 'graphql-transport-ws';
const SUBSCRIPTION = 'subscription { machineChanged { id state machine { id name status gpu ip } } }';

/** Sockets that count what comes, with the time of the last message of each. */
interface Crowd {
  /** Milliseconds from the start of the work to the arrival at each socket. */
  arrivals(work: () => Promise<unknown>): Promise<number[]>;
  /** A message as it came, to be sent again. */
  sample(): string;
  close(): void;
}

async function gather(url: string, greet: (socket: WebSocket) => Promise<void>): Promise<Crowd> {
  const sockets: WebSocket[] = [];
  let onMessage: (text: string) => void = () => undefined;
  let last = '';
  for (let count = 0; count < SOCKETS; count += AT_ONCE) {
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          const socket = new WebSocket(url, PROTOCOL);
          await once(socket, 'open');
          await greet(socket);
          socket.on('message', (data: Buffer) => onMessage(data.toString()));
          return socket;
        }),
      )),
    );
  }
  return {
    async arrivals(work) {
      const taken: number[] = [];
      const all = Promise.withResolvers<void>();
      const start = performance.now();
      onMessage = (text) => {
        last = text;
        if (taken.push(performance.now() - start) === SOCKETS) all.resolve();
      };
      await work();
      await all.promise;
      return taken;
    },
    sample: () => last,
    close: () => {
      for (const socket of sockets) socket.terminate();
    },
  };
}

const nextMessage = async (socket: WebSocket): Promise<string> => String(((await once(socket, 'message')) as [Buffer])[0]);

const subscribe = (root: Actor) => async (socket: WebSocket) => {
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${root.credential}` } }));
  const acknowledged = await nextMessage(socket);
  if (!acknowledged.includes('connection_ack')) throw new Error(`refused: ${acknowledged}`);
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION } }));
};

const saveMachine = (root: Actor, round: number) =>
  root.ask('mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { id } }', {
    input: { machines: [{ id: '1', name: `round ${round}`, cpus: 8, status: round % 2 === 0 ? 'RUNNING' : 'STOPPED', memoryBytes: 1_000, gpu: 'RTX 4090', ip: '10.0.0.1' }] },
  });

/** The bare server in a process of its own, as the platform is in one. */
const withBroadcast = <Result>(use: (url: string, send: (text: string) => void) => Promise<Result>): Promise<Result> =>
  withProcess('broadcast.ts', [], (port, { stdin }) => use(`ws://127.0.0.1:${port}`, (text) => stdin.write(`${text}\n`)));

const oneUser: Benchmark = {
  name: 'one user, 5,000 sockets with the same subscription, one event: p99',
  target: '≤ 3 × a bare ws broadcast of the same bytes',
  meets: (ratio) => ratio <= TARGET,
  run: async () => {
    const platform = await startPlatform({ database: 'embedded' });
    try {
      const root = await admin(platform);
      const ours = await gather(`${platform.url.replace('http', 'ws')}/graphql`, subscribe(root));
      await delay(LISTENING_MS);
      await ours.arrivals(() => saveMachine(root, 0));
      return await withBroadcast(async (url, send) => {
        const bare = await gather(url, async () => undefined);
        const p99Ms: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
        for (let round = 1; round <= ROUNDS; round += 1) {
          p99Ms.ours.push(quantile(await ours.arrivals(() => saveMachine(root, round)), 0.99));
          p99Ms.bare.push(quantile(await bare.arrivals(async () => send(ours.sample())), 0.99));
        }
        for (const crowd of [ours, bare]) crowd.close();
        return { ratio: p99Ms.ours.map((value, round) => value / p99Ms.bare[round]!), detail: { sockets: SOCKETS, p99Ms } };
      });
    } finally {
      await platform.dispose();
    }
  },
};

export const benchmarks: Benchmark[] = [oneUser];
