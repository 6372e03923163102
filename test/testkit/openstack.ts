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
const STARTED_BY_TESTS = 'started by tests';

/** How to log in to the OpenStack for the tests, as `OS_…` variables. It is started when it does not run, which takes a minute and more. */
export async function openStackEnvironment(): Promise<Record<string, string>> {
  await mkdir(USERS, { recursive: true });
  // Workers of one run are children of the same process.
  await writeFile(join(USERS, String(process.ppid)), '');
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
  if (!users.includes(String(process.pid))) return;
  await rm(join(USERS, String(process.pid)), { force: true });
  const areOthers = users.some((user) => user !== String(process.pid) && /^\d+$/.test(user) && isRunning(Number(user)));
  if (areOthers || !users.includes(STARTED_BY_TESTS)) return;
  await openstackSh('down');
  await rm(USERS, { recursive: true, force: true });
}

function openstackSh(command: string): Promise<{ stdout: string }> {
  return promisify(execFile)('bash', [SCRIPT, command]);
}

interface Listed {
  servers: { id: string }[];
  ports: { id: string }[];
  floatingips: { id: string }[];
}

/** An administrator's view of the cloud, without the driver. */
export class OpenStackAdministrator {
  private constructor(
    private readonly token: string,
    private readonly endpoints: Record<string, string>,
  ) {}

  static async logIn(environment: Record<string, string>): Promise<OpenStackAdministrator> {
    const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME } = environment;
    const domain = { id: 'default' };
    const identity = { methods: ['password'], password: { user: { name: OS_USERNAME, password: OS_PASSWORD, domain } } };
    const answer = await fetch(`${OS_AUTH_URL}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: { identity, scope: { project: { name: OS_PROJECT_NAME, domain } } } }),
    });
    const { token } = (await answer.json()) as { token: { catalog: { type: string; endpoints: { url: string }[] }[] } };
    return new OpenStackAdministrator(answer.headers.get('x-subject-token')!, Object.fromEntries(token.catalog.map(({ type, endpoints }) => [type, endpoints[0]!.url])));
  }

  /** Servers, ports and floating IPs that have this text anywhere in them, each in one line. */
  async holding(text: string): Promise<string[]> {
    const found: string[] = [];
    for (const [service, path, key] of [['compute', '/servers/detail', 'servers'], ['network', '/v2.0/ports', 'ports'], ['network', '/v2.0/floatingips', 'floatingips']] as const) {
      const listed = (await this.ask(service, path)) as unknown as Listed;
      found.push(...listed[key].filter((thing) => JSON.stringify(thing).includes(text)).map(({ id }) => `${key} ${id}`));
    }
    return found.toSorted();
  }

  /** The id of the one thing with this name in a list. */
  async idOf(service: string, path: string, key: string, name: string): Promise<string> {
    const things = (await this.ask(service, path))[key] as { id: string; name: string }[];
    return things.find((thing) => thing.name === name)!.id;
  }

  /** Deletes the servers that have this text in them, and waits until they are gone. */
  async deleteServers(text: string): Promise<void> {
    const ids = (await this.holding(text)).flatMap((line) => (line.startsWith('servers ') ? [line.slice('servers '.length)] : []));
    for (const id of ids) {
      await this.send('DELETE', 'compute', `/servers/${id}`);
      while ((await this.send('GET', 'compute', `/servers/${id}`)).status !== 404) await delay(200);
    }
  }

  async ask(service: string, path: string): Promise<Record<string, unknown>> {
    const answer = await this.send('GET', service, path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  send(method: string, service: string, path: string, content?: object): Promise<Response> {
    const body = content === undefined ? null : JSON.stringify(content);
    return fetch(`${this.endpoints[service]}${path}`, { method, body, headers: { 'x-auth-token': this.token, 'content-type': 'application/json', 'openstack-api-version': 'compute 2.60' } });
  }
}
