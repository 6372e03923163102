import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';

/** The port cannot be listened on; the message is the one line to stop the start with. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** An HTTP server that listens. */
export interface HttpListener {
  readonly server: Server;
  readonly port: number;
  /** Takes no more connections, lets running requests finish for so long, and ends what still runs then. */
  readonly drain: (patienceMs: number) => Promise<void>;
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'is taken by another program; stop that, or set PORT to another',
  EACCES: 'needs rights that this user does not have; set PORT to one above 1023',
  EADDRNOTAVAIL: 'cannot be listened on: HOST is no address of this machine',
  ENOTFOUND: 'cannot be listened on: HOST is no known name',
};

const IDLE_SWEEP_MS = 50;

/** @throws ListenError */
export async function listen(handler: RequestListener, { host, port }: { host: string; port: number }): Promise<HttpListener> {
  const server = createServer({ keepAliveTimeout: 65_000 }, handler);
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new ListenError(`PORT: ${host}:${port} ${REASONS[code] ?? `cannot be listened on: ${message}`}, for example PORT=4100`, { cause });
  }
  return { server, port: (server.address() as AddressInfo).port, drain: (patienceMs) => drain(server, connections, patienceMs) };
}

async function drain(server: Server, connections: ReadonlySet<Socket>, patienceMs: number): Promise<void> {
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
