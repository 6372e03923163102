import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import type { SlurmSettings } from '../drivers/engine/slurm/slurm.settings.js';

/** What is answered to a request. */
export interface Scripted {
  status?: number;
  /** Text as it is; anything else as JSON. */
  body: unknown;
}

/** A request that came. */
export interface Heard {
  /** `GET /slurm/v0.0.40/jobs`. */
  line: string;
  token: string | undefined;
  content: unknown;
}

/** A slurmrestd that answers as it is told, in the forms that versions have which no test has a server of. */
export class ScriptedSlurm {
  readonly heard: Heard[] = [];
  /** Answers by the beginnings of request lines, the longest first. */
  readonly answers = new Map<string, Scripted | ((heard: Heard) => Scripted)>();

  private constructor(
    private readonly server: Server,
    private readonly versions: readonly string[],
  ) {
    server.on('request', (request, response) => {
      void this.#hear(request).then(({ status = 200, body }) => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)));
    });
  }

  /** @param versions such as `slurm/v0.0.40` and `slurmdb/v0.0.40` */
  static async start(...versions: string[]): Promise<ScriptedSlurm> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const slurm = new ScriptedSlurm(server, versions);
    for (const version of versions) {
      slurm.answers.set(`GET /${version}/nodes`, { body: { nodes: [{ name: 'n1', address: '10.0.0.1', state: ['IDLE'], partitions: ['main'], cpus: 8, alloc_cpus: 2, real_memory: 4096, alloc_memory: 1024, gres: 'gpu:a100:4(S:0-1)', gres_used: 'gpu:a100:1(IDX:0)' }] } });
      slurm.answers.set(`GET /${version}/partitions`, { body: { partitions: [{ name: 'main', partition: { state: ['UP'] } }] } });
    }
    return slurm;
  }

  settings(other: Partial<SlurmSettings> = {}): SlurmSettings {
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return {
      url,
      user: userInfo().username,
      tokenFile: undefined,
      scontrol: 'scontrol',
      apiVersion: undefined,
      partition: undefined,
      account: undefined,
      qos: undefined,
      searchPath: '/usr/bin:/bin',
      node: '/opt/node',
      connections: 4,
      requestMs: 5_000,
      ...other,
    };
  }

  /** What was asked with this beginning of the line. */
  asked(line: string): Heard[] {
    return this.heard.filter((one) => one.line.startsWith(line));
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #hear(request: IncomingMessage): Promise<Scripted> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const token = request.headers['x-slurm-user-token'];
    const heard = { line: `${request.method} ${request.url}`, token: typeof token === 'string' ? token : undefined, content: text === '' ? undefined : (JSON.parse(text) as unknown) };
    this.heard.push(heard);
    if (heard.line === 'GET /openapi/v3') return { body: { paths: Object.fromEntries(this.versions.map((version) => [version.startsWith('slurmdb') ? `/${version}/job/{job_id}` : `/${version}/job/submit`, {}])) } };
    const [key] = [...this.answers.keys()].filter((line) => heard.line.startsWith(line)).toSorted((one, other) => other.length - one.length);
    const answer = key === undefined ? undefined : this.answers.get(key);
    return (typeof answer === 'function' ? answer(heard) : answer) ?? { status: 404, body: 'Unable find requested URL' };
  }
}
