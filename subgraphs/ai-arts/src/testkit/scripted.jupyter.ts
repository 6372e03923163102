import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { EngineJobSpec } from '../drivers/engine/engine.js';

/** What says that it is a Jupyter server, for tests of what is around one. */
export class ScriptedJupyter {
  /** Whether it answers. */
  isUp = true;
  /** What it says of when it was used last. */
  lastActivityAt = new Date().toISOString();
  readonly asked: IncomingMessage[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ScriptedJupyter> {
    const server = createServer();
    const jupyter = new ScriptedJupyter(server);
    server.on('request', (request: IncomingMessage, response) => {
      jupyter.asked.push(request);
      if (!jupyter.isUp) return response.writeHead(503).end();
      if (request.url!.endsWith('/api/status')) return response.end(JSON.stringify({ started: '2026-01-01T00:00:00Z', last_activity: jupyter.lastActivityAt, connections: 0, kernels: 0 }));
      response.writeHead(200, { 'content-type': 'text/plain', location: `http://127.0.0.1:${jupyter.port}/somewhere`, 'set-cookie': 'of=jupyter', 'x-token': request.headers.authorization }).end(`you sent ${request.headers.authorization}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return jupyter;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Tells where it listens, as the server that a job starts does. */
  async tell({ environment }: EngineJobSpec): Promise<void> {
    const folder = environment.JUPYTER_RUNTIME_DIR!;
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'jpserver-1.json'), JSON.stringify({ port: this.port, token: environment.JUPYTER_TOKEN }));
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
