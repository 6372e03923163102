import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedOpenStack, type Mishap } from '../../testkit/scripted.openstack.js';
import type { CloudResource, MachineSpec } from '../driver.js';
import { OpenStackDriver } from './openstack.driver.js';
import type { OpenStackSettings } from './openstack.settings.js';

// What a real OpenStack does not do on demand. How it works otherwise is shown on a real one.

let cloud: ScriptedOpenStack;
let driver: OpenStackDriver;
let said: unknown[];
const { signal } = new AbortController();

beforeEach(async () => {
  cloud = await ScriptedOpenStack.start();
  said = [];
  driver = open();
});
afterEach(async () => {
  await driver.close();
  await cloud.stop();
});

function open(settings: Partial<OpenStackSettings> = {}): OpenStackDriver {
  const log = { info: (...words: unknown[]) => void said.push(words), warn: (...words: unknown[]) => void said.push(words) };
  return new OpenStackDriver(cloud.settings(settings), { installation: 'test', log });
}

const newSpec = (): MachineSpec => ({ id: randomUUID(), name: 'exam', imageId: 'image', flavorId: 'flavor', internetAccess: true });

async function launch(spec: MachineSpec, made: CloudResource[] = []): Promise<CloudResource[]> {
  await driver.launch(spec, { made: [...made], onMade: async (resource) => void made.push(resource) }, signal);
  return made;
}

const stored = () => Object.values(cloud.stored).map((things) => things.length);

test.each(['/compute/v2.1/servers', '/network/v2.0/ports', '/network/v2.0/floatingips'])('when the answer to POST %s is lost or cut, what was made is found and not made again', async (path) => {
  for (const mishap of ['lost', 'half', { status: 500 }] satisfies Mishap[]) {
    const spec = newSpec();
    let isOver = false;
    cloud.spoilEvery((request) => {
      if (request !== `POST ${path}` || isOver) return undefined;
      isOver = true;
      return mishap;
    });
    const made = await launch(spec).catch(() => launch(spec));
    expect(made.map(({ kind }) => kind)).toEqual(['port', 'floating-ip', 'server']);
    expect(stored()).toEqual([1, 1, 1]);
    await driver.destroy({ id: spec.id, made }, signal);
    expect(stored()).toEqual([0, 0, 0]);
  }
});

test('what was made twice after all, long after its answer was given up, is deleted when the machine is looked at', async () => {
  const spec = newSpec();
  const made = await launch(spec);
  for (const things of Object.values(cloud.stored)) things.push({ ...things[0]!, id: randomUUID() });
  const [view] = await driver.look([{ id: spec.id, made }], signal);
  expect(view).toMatchObject({ state: 'ACTIVE' });
  expect(Object.values(cloud.stored).flatMap((things) => things.map(({ id }) => id)).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
  expect(said).toHaveLength(3);
});

test('a machine is given up only when its server, asked for by its id, is not there', async () => {
  const spec = newSpec();
  const made = await launch(spec);
  const [server] = cloud.stored.servers!;
  server!.tags = [];
  expect(await driver.look([{ id: spec.id, made }], signal)).toMatchObject([{ state: 'ACTIVE' }]);
  cloud.stored.servers = [];
  expect(await driver.look([{ id: spec.id, made }], signal)).toMatchObject([{ state: 'DELETED', reason: expect.stringContaining(server!.id) as string }]);
});

test.each<[string, Mishap]>([
  ['is not there', { status: 404 }],
  ['is DELETED', { status: 200, body: '{"server": {"id": "x", "status": "DELETED"}}' }],
])('a server is released when it is not listed any more, not when the cloud says that it %s', async (_, word) => {
  const spec = newSpec();
  const made = await launch(spec);
  const [server] = cloud.stored.servers!;
  let lists = 0;
  cloud.spoilEvery((request) => {
    if (request === 'GET /compute/v2.1/servers/detail' && ++lists === 3) cloud.stored.servers = [];
    return request.endsWith(`/servers/${server!.id}`) ? word : undefined;
  });
  const left: number[] = [];
  await driver.destroy({ id: spec.id, made }, signal, async () => void left.push(cloud.stored.servers!.length));
  expect(left).toEqual([0, 0, 0]);
});

test('what went wrong with a server is told, also when Nova tells it a moment later', async () => {
  const spec = newSpec();
  const made = await launch(spec);
  const [server] = cloud.stored.servers!;
  server!.status = 'ERROR';
  cloud.spoilEvery((request) => {
    if (request.endsWith(`/servers/${server!.id}`)) server!.fault = { message: 'No valid host was found.' };
    return undefined;
  });
  expect(await driver.look([{ id: spec.id, made }], signal)).toMatchObject([{ state: 'ERROR', reason: 'No valid host was found.' }]);
});

test('a token that is not taken any more is renewed once, and the request repeated', async () => {
  await driver.flavors(signal);
  cloud.revokeTokens();
  await launch(newSpec());
  expect(stored()).toEqual([1, 1, 1]);
  expect(cloud.logins).toHaveLength(2);
  cloud.spoilEvery((request) => (request.startsWith('GET') ? { status: 401 } : undefined));
  await expect(driver.flavors(signal)).rejects.toMatchObject({ fault: 'UNAUTHORIZED' });
  expect(cloud.logins).toHaveLength(3);
});

test('a token is renewed before it ends, and logged in once however many ask', async () => {
  cloud.validityMs = 0;
  await driver.flavors(signal);
  await driver.flavors(signal);
  expect(cloud.logins).toHaveLength(2);
  cloud.validityMs = 60_000;
  await Promise.all(Array.from({ length: 10 }, () => driver.flavors(signal)));
  await driver.flavors(signal);
  expect(cloud.logins).toHaveLength(3);
});

test.each<[Mishap, object]>([
  [{ status: 401 }, { fault: 'UNAUTHORIZED' }],
  [{ status: 403, body: '{"forbidden": {"message": "Policy does not allow it"}}' }, { fault: 'UNAUTHORIZED', message: expect.stringContaining('Policy does not allow it') }],
  [{ status: 403, body: '{"forbidden": {"message": "Quota exceeded for cores: Requested 1, but already used 20 of 20 cores"}}' }, { fault: 'QUOTA', message: expect.stringContaining('20 of 20 cores') }],
  [{ status: 409, body: '{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources"}}' }, { fault: 'QUOTA' }],
  [{ status: 409, body: '{"conflictingRequest": {"message": "it is being built"}}' }, { fault: 'CONFLICT' }],
  [{ status: 413 }, { fault: 'QUOTA' }],
  [{ status: 413, headers: { 'retry-after': '7' } }, { fault: 'BUSY', retryAfterMs: 7_000 }],
  [{ status: 429, headers: { 'retry-after': '3' } }, { fault: 'BUSY', retryAfterMs: 3_000 }],
  [{ status: 429 }, { fault: 'BUSY', retryAfterMs: undefined }],
  [{ status: 503, body: '<html><head><title>x</title></head><body>Service <b>Unavailable</b></body></html>' }, { fault: 'BUSY', message: expect.stringMatching(/: Service Unavailable$/) }],
  [{ status: 500, body: '{"computeFault": {"message": "Unexpected API Error"}}' }, { fault: 'FAILED', message: expect.stringContaining('Unexpected API Error') }],
  [{ status: 504 }, { fault: 'UNREACHABLE' }],
  [{ status: 200, body: 'not JSON' }, { fault: 'UNREACHABLE' }],
  ['lost', { fault: 'UNREACHABLE' }],
])('%j is told apart', async (mishap, failure) => {
  cloud.spoilEvery((request) => (request.startsWith('GET') ? mishap : undefined));
  await expect(driver.flavors(signal)).rejects.toMatchObject(failure);
});

test('an answer that does not come in time is told as such', async () => {
  await driver.close();
  driver = open({ requestMs: 50 });
  cloud.spoilEvery(() => 'none');
  await expect(driver.flavors(signal)).rejects.toMatchObject({ fault: 'UNREACHABLE', message: expect.stringMatching(/: no answer \(it took too long\)$/) as string });
});

test('what only asks is asked again when it was not answered', async () => {
  cloud.spoil('GET /compute', 'lost');
  expect(await driver.flavors(signal)).toEqual([]);
});

test('a cloud that asks to be left alone is not asked again', async () => {
  cloud.spoilEvery((request) => (request.startsWith('POST /network') ? { status: 429, headers: { 'retry-after': '5' } } : undefined));
  await expect(launch(newSpec())).rejects.toMatchObject({ fault: 'BUSY', retryAfterMs: 5_000 });
  expect(cloud.requests.filter((request) => request.startsWith('POST /network'))).toHaveLength(1);
});

test.each([
  ['network_oj', 'CLOUD_OPENSTACK_NETWORK'],
  ['EXT_01', 'CLOUD_OPENSTACK_FLOATING_POOL'],
  ['oj_teacher', 'CLOUD_OPENSTACK_INTERNET_GROUP'],
  ['oj_exam', 'CLOUD_OPENSTACK_ISOLATED_GROUP'],
])('without %s it is not ready, names the setting, and launches nothing', { tags: ['cloud-api/launch/missing-config', 'cloud-api/codes/8'] }, async (name, setting) => {
  cloud.places = cloud.places.filter((place) => place !== name);
  const named = expect.stringMatching(new RegExp(`${setting}.*${name}`)) as string;
  expect(await driver.status(signal)).toEqual({ ready: false, message: named });
  await expect(launch(newSpec())).rejects.toMatchObject({ fault: 'MISCONFIGURED', message: named });
  expect(stored()).toEqual([0, 0, 0]);
});

test('an ambiguous name is refused with the ids to choose from', async () => {
  cloud.places.push('oj_exam');
  expect(await driver.status(signal)).toMatchObject({ ready: false, message: expect.stringMatching(/CLOUD_OPENSTACK_ISOLATED_GROUP.*give the id of one/) as string });
});

test('wrong credentials, a wrong URL, region or interface are named, and no secret is told', async () => {
  cloud.spoilEvery(() => ({ status: 401, body: '{"error": {"message": "The request you have made requires authentication."}}' }));
  expect(await driver.status(signal)).toMatchObject({ ready: false, message: expect.stringMatching(/Keystone: The request/) as string });
  cloud.spoilEvery(() => undefined);
  for (const [settings, words] of [
    [{ region: 'Mars' }, /region "Mars"; see OS_REGION_NAME/],
    [{ interface: 'internal' }, /no internal endpoint.*OS_INTERFACE/],
    [{ authUrl: 'http://127.0.0.1:1' }, /logging in to Keystone: no answer \(ECONNREFUSED\)/],
  ] as const) {
    const other = open(settings);
    const { ready, message } = await other.status(signal);
    expect([ready, message]).toEqual([false, expect.stringMatching(words)]);
    const failure = await other.flavors(signal).then(() => undefined, (error: unknown) => error);
    expect(JSON.stringify([failure, String(failure), (failure as Error | undefined)?.stack ?? '', said])).not.toContain('a-secret-word');
    await other.close();
  }
});

test('an application credential is shown to Keystone as such', async () => {
  const other = open({ credentials: { kind: 'application', id: 'credential', secret: 'a-secret-word' } });
  await other.flavors(signal);
  expect(cloud.logins).toEqual([{ auth: { identity: { methods: ['application_credential'], application_credential: { id: 'credential', secret: 'a-secret-word' } } } }]);
  await other.close();
});

test('without a floating pool a machine is reached at its fixed address', async () => {
  await driver.close();
  driver = open({ floatingPool: undefined });
  const spec = newSpec();
  const made = await launch(spec);
  expect(made.map(({ kind }) => kind)).toEqual(['port', 'server']);
  expect(await driver.look([{ id: spec.id, made }], signal)).toMatchObject([{ state: 'ACTIVE', ipv4: '10.0.0.2' }]);
});

test('a hundred machines are looked at in six requests', async () => {
  const machines = Array.from({ length: 100 }, () => ({ id: randomUUID(), made: [] }));
  await driver.flavors(signal);
  cloud.requests.length = 0;
  expect((await driver.look(machines, signal)).map(({ id }) => id)).toEqual(machines.map(({ id }) => id));
  expect(cloud.requests).toHaveLength(6);
});
