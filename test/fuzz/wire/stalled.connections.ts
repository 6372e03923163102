import { once } from 'node:events';
import { connect } from 'node:net';
import type { FuzzedWorld } from '../fuzzed.world.js';

/** Several times what the platform gives a head to come. */
const PATIENCE_MS = 90_000;

const BEGUN: Readonly<Record<string, string>> = {
  'half a request line': 'GET /api/v1/computing_res',
  'half a head': 'GET /api/v1/computing_resources HTTP/1.1\r\nHost: x\r\nX-Sl',
  'half a head behind a whole request': 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n',
  'an empty line': '\r\n',
};

/** Connections of senders who begin, and say nothing more. */
export interface StalledConnections {
  /** Waits until the platform has closed them all, and answers which it has not. */
  stillOpen(): Promise<string[]>;
  close(): void;
}

/** Opens them, to be waited for when there was something else to do. */
export async function stalledConnections({ address: { host, port } }: FuzzedWorld): Promise<StalledConnections> {
  const begun = performance.now();
  const open = new Set(Object.keys(BEGUN));
  const sockets = Object.entries(BEGUN).map(([name, bytes]) => {
    const socket = connect({ host, port }, () => socket.write(bytes, 'latin1'));
    const closed = new Promise<void>((resolve) => {
      socket.resume().on('error', () => undefined).on('close', () => {
        open.delete(name);
        resolve();
      });
    });
    return { socket, closed };
  });
  await Promise.all(sockets.map(({ socket }) => once(socket, 'connect')));
  return {
    async stillOpen() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.max(begun + PATIENCE_MS - performance.now(), 0))));
      await Promise.race([late, Promise.all(sockets.map(({ closed }) => closed))]);
      clearTimeout(timer);
      return [...open];
    },
    close: () => {
      for (const { socket } of sockets) socket.destroy();
    },
  };
}
