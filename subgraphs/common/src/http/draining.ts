import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const IDLE_SWEEP_MS = 50;

/**
 * Watches a server that does not listen yet, for the way to end it: while requests still run that had begun before, others
 * are answered, too, so that whoever balances load sees readiness go red; then no connection is taken any more, and the
 * server is closed when the last answer is out. What runs after so many milliseconds is cut off.
 */
export function draining(server: Server): (patienceMs: number) => Promise<void> {
  const connections = new Set<Socket>();
  const ended = Promise.withResolvers<void>();
  let running = 0;
  let stopping = false;
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (stopping) return void response.setHeader('connection', 'close');
    running += 1;
    response.once('close', () => {
      running -= 1;
      if (stopping && running === 0) ended.resolve();
    });
  });
  return async (patienceMs) => {
    stopping = true;
    if (running === 0) ended.resolve();
    const until = Date.now() + patienceMs;
    await Promise.race([ended.promise, delay(patienceMs, undefined, { ref: false })]);
    await close(server, connections, Math.max(until - Date.now(), 0));
  };
}

async function close(server: Server, connections: ReadonlySet<Socket>, patienceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that is kept alive becomes idle only when its last answer is out.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    // A connection in reserve, on which nothing was ever asked, does not count as idle.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  }, IDLE_SWEEP_MS);
  const end = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(end);
}
