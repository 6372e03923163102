import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isRunning } from './processes.js';

const SCRIPT = join(import.meta.dirname, '../engines/openstack/openstack.sh');

/** Has a file for each run of the tests that uses the OpenStack, named by the run's process; and one that says that a run has started it. */
const USERS = join(tmpdir(), 'hutong-test-openstack');
/** The process of this run: a worker of the tests is a child of it, a benchmark is it. */
const RUN = String(process.env.VITEST_WORKER_ID === undefined ? process.pid : process.ppid);
const STARTED_BY_TESTS = 'started by tests';

/** How to log in to the OpenStack for the tests, as `OS_…` variables. It is started when it does not run, which takes a minute and more. */
export async function openStackEnvironment(): Promise<Record<string, string>> {
  await mkdir(USERS, { recursive: true });
  await writeFile(join(USERS, RUN), '');
  const isUp = await openstackSh('status').then(
    () => true,
    () => false,
  );
  if (!isUp) await writeFile(join(USERS, STARTED_BY_TESTS), '');
  const { stdout } = await openstackSh('up');
  const openrc = await readFile(/\. (\S+)$/m.exec(stdout)![1]!, 'utf8');
  return Object.fromEntries([...openrc.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
}

/** At the end of a run: ends the OpenStack that tests have started, unless another run uses it. */
export async function endOpenStack(): Promise<void> {
  const users = await readdir(USERS).catch((): string[] => []);
  if (!users.includes(RUN)) return;
  await rm(join(USERS, RUN), { force: true });
  const areOthers = users.some((user) => user !== RUN && /^\d+$/.test(user) && isRunning(Number(user)));
  if (areOthers || !users.includes(STARTED_BY_TESTS)) return;
  await openstackSh('down');
  await rm(USERS, { recursive: true, force: true });
}

function openstackSh(command: string): Promise<{ stdout: string }> {
  return promisify(execFile)('bash', [SCRIPT, command]);
}

interface Listed {
  id: string;
  description?: string;
  metadata?: { hutong_machine?: string };
}

const HELD = [
  { kind: 'server', service: 'compute', path: '/servers/detail', key: 'servers' },
  { kind: 'port', service: 'network', path: '/v2.0/ports', key: 'ports' },
  { kind: 'floating-ip', service: 'network', path: '/v2.0/floatingips', key: 'floatingips' },
] as const;

/** An administrator's view of the cloud, or of one of its projects, without the driver. */
export class OpenStackAdministrator {
  private constructor(
    readonly token: string,
    readonly userId: string,
    readonly projectId: string,
    private readonly endpoints: Record<string, string>,
  ) {}

  static async logIn({ OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME, OS_PROJECT_ID }: Record<string, string>): Promise<OpenStackAdministrator> {
    const domain = { id: 'default' };
    const identity = { methods: ['password'], password: { user: { name: OS_USERNAME, password: OS_PASSWORD, domain } } };
    const project = OS_PROJECT_ID ? { id: OS_PROJECT_ID } : { name: OS_PROJECT_NAME, domain };
    const answer = await fetch(`${OS_AUTH_URL}/auth/tokens`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ auth: { identity, scope: { project } } }) });
    interface Token {
      user: { id: string };
      project: { id: string };
      catalog: { type: string; endpoints: { url: string; region_id: string }[] }[];
    }
    const { token } = (await answer.json()) as { token: Token };
    const endpoints = token.catalog.map(({ type, endpoints: urls }) => [type, urls.find(({ region_id: region }) => region === 'RegionOne')!.url.replace(/\/$/, '')]);
    return new OpenStackAdministrator(answer.headers.get('x-subject-token')!, token.user.id, token.project.id, Object.fromEntries(endpoints) as Record<string, string>);
  }

  /** Where a service is, in the catalogue. */
  endpoint(service: string): string {
    return this.endpoints[service]!;
  }

  /** Servers, ports and floating IPs of the project that belong to a machine, each as `<kind> <id> of <machine>`. */
  async holdings(): Promise<string[]> {
    const found: string[] = [];
    for (const { kind, service, path, key } of HELD) {
      const things = (await this.ask(service, `${path}?project_id=${this.projectId}`))[key] as Listed[];
      for (const { id, description, metadata } of things) {
        const machine = metadata?.hutong_machine ?? /^hutong \S+ (\S+)$/.exec(description ?? '')?.[1];
        if (machine !== undefined) found.push(`${kind} ${id} of ${machine}`);
      }
    }
    return found.toSorted();
  }

  /** The id of the one thing with this name in a list. */
  async idOf(service: string, path: string, key: string, name: string): Promise<string> {
    const things = (await this.ask(service, path))[key] as { id: string; name: string }[];
    return things.find((thing) => thing.name === name)!.id;
  }

  /** Deletes the servers of a machine, and waits until they are gone. */
  async deleteServers(machineId: string): Promise<void> {
    const lines = (await this.holdings()).filter((line) => line.startsWith('server ') && line.endsWith(machineId));
    for (const id of lines.map((line) => line.split(' ')[1]!)) {
      await this.send('DELETE', 'compute', `/servers/${id}`);
      while ((await this.send('GET', 'compute', `/servers/${id}`)).status !== 404) await delay(200);
    }
  }

  /** A project of its own in which machines can be launched; answers its id. */
  async makeProject(name: string): Promise<string> {
    const { project } = await this.make<{ project: { id: string } }>('identity', '/projects', { project: { name, domain_id: 'default' } });
    const role = await this.idOf('identity', '/roles', 'roles', 'admin');
    await this.send('PUT', 'identity', `/projects/${project.id}/users/${this.userId}/roles/${role}`);
    for (const group of ['oj_teacher', 'oj_exam']) await this.make('network', '/v2.0/security-groups', { security_group: { name: group, project_id: project.id } });
    return project.id;
  }

  /** A region in whose catalogue services are elsewhere, such as behind a proxy. */
  async makeRegion(name: string, urls: Record<string, string>): Promise<void> {
    await this.make('identity', '/regions', { region: { id: name } });
    const { services } = (await this.ask('identity', '/services')) as { services: { id: string; type: string }[] };
    for (const [type, url] of Object.entries(urls)) {
      const service = services.find((one) => one.type === type)!;
      await this.make('identity', '/endpoints', { endpoint: { service_id: service.id, interface: 'public', region_id: name, url } });
    }
  }

  async make<Answer>(service: string, path: string, content: object): Promise<Answer> {
    const answer = await this.send('POST', service, path, content);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }

  async ask(service: string, path: string): Promise<Record<string, unknown>> {
    const answer = await this.send('GET', service, path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  send(method: string, service: string, path: string, content?: object): Promise<Response> {
    const body = content === undefined ? null : JSON.stringify(content);
    return fetch(`${this.endpoint(service)}${path}`, { method, body, headers: { 'x-auth-token': this.token, 'content-type': 'application/json', 'openstack-api-version': 'compute 2.60' } });
  }
}
