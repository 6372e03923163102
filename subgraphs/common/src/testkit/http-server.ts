import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server on a free port of 127.0.0.1. */
export interface TestHttpServer extends AsyncDisposable {
  /** Its origin. */
  url: string;
  server: Server;
  /** Ends every connection, and resolves when the port is free. */
  stop(): Promise<void>;
}

/** Opens a server that stands for one of others. */
export async function httpServer(answer: RequestListener): Promise<TestHttpServer> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, stop, [Symbol.asyncDispose]: stop };
}
