import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin, logIn, type Actor } from '../testkit/actor.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { isRunning, until } from '../testkit/processes.js';
import { subscribe } from '../testkit/subscription.js';

// Several workers behind one port: nobody can tell which one they are at, but for its process id in the log.

const TASKS = 'subscription { taskChanged { task { id } } }';
const SUBMIT = 'mutation { submitTask(input: { template: { gpu_model: "none like this" } }) { id } }';
const ME = '{ me { username } }';

let platform: Platform;
let root: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { HUTONG_WORKERS: '2', LOG_LEVEL: 'debug' } });
  root = await admin(platform);
});
afterAll(() => platform?.dispose());

/** The worker whose log has a request to the graph, behind so much of what was printed. */
function answeredBy(requestId: string, behind: number): number | undefined {
  const [, pid] = new RegExp(`"pid":(\\d+)[^\\n]*"requestId":"${requestId}"[^\\n]*"contract":"graph"`).exec(platform.output().slice(behind)) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** One connection that stays open, and so one worker. */
class Door {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  pid = 0;

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async ask(query: string, { credential }: Actor): Promise<{ status: number; data: any }> {
    const id = randomUUID();
    const printed = platform.output().length;
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${credential}`, 'x-request-id': id };
    const asking = request(`${platform.url}/graphql`, { method: 'POST', agent: this.#agent, headers }, (response) => {
      response.toArray().then((chunks: Buffer[]) => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }), reject);
    });
    asking.once('error', reject).end(JSON.stringify({ query }));
    const { status, text } = await promise;
    await until('the line of the request', () => answeredBy(id, printed) !== undefined);
    this.pid = answeredBy(id, printed)!;
    return { status, data: (JSON.parse(text) as { data: unknown }).data };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Doors to both workers. */
async function doors(): Promise<[Door, Door]> {
  const first = new Door();
  expect((await first.ask(ME, root)).data).toEqual({ me: { username: 'admin' } });
  for (;;) {
    const other = new Door();
    await other.ask(ME, root);
    if (other.pid !== first.pid) return [first, other];
    other.close();
    await delay(50);
  }
}

test('requests are answered by both, and one scrape tells of both', async () => {
  const both = await doors();
  expect(both.every(({ pid }) => isRunning(pid) && pid !== platform.pid)).toBe(true);
  expect(platform.output().match(/is up after/g)).toHaveLength(1);
  const counted = async () => {
    const text = await (await fetch(`${platform.url}/metrics`)).text();
    return Number(/^hutong_graphql_operations_total\{kind="query",transport="http",outcome="ok"\} (\d+)$/m.exec(text)?.[1]);
  };
  const before = await counted();
  for (const door of both) for (let n = 0; n < 3; n++) await door.ask(ME, root);
  expect(await counted()).toBe(before + 6);
  for (const door of both) door.close();
});

test('a subscription is told of what is done through either', async () => {
  const both = await doors();
  const events = await subscribe(root, TASKS);
  const submit = async (): Promise<string[]> => {
    const ids: string[] = [];
    for (const door of both) ids.push((await door.ask(SUBMIT, root)).data.submitTask.id as string);
    return ids;
  };
  // Until it is open somebody may submit in vain.
  await until('the first event', async () => {
    await submit();
    return events.events.length > 0;
  });
  const submitted = await submit();
  await until('what was submitted at both', () => submitted.every((id) => events.events.some(({ taskChanged }) => taskChanged.task.id === id)));
  await events.end();
  for (const door of both) door.close();
});

test('a ticket works at both, and is refused at both when it was revoked through one', async () => {
  const both = await doors();
  const visitor = await logIn(platform, 'admin', ADMIN_PASSWORD);
  for (const door of both) expect((await door.ask(ME, visitor)).status).toBe(200);
  expect((await visitor.simpleServer('GET', 'info')).status).toBe(200);
  await both[0].ask('mutation { logOut }', visitor);
  for (const door of both) await expect.poll(async () => (await door.ask(ME, visitor)).status).toBe(401);
  for (const door of both) door.close();
});

test('SIGHUP has both read the supergraph again', async () => {
  process.kill(platform.pidOf('gateway'), 'SIGHUP');
  const saying = /"pid":(\d+)[^\n]*"msg":"the supergraph is read again: nothing has changed"/g;
  await until('both to say so', () => new Set([...platform.output().matchAll(saying)].map(([, pid]) => pid)).size === 2);
});

test('one that is killed is replaced, and the other answers meanwhile', async () => {
  const [killed, left] = await doors();
  process.kill(killed.pid, 'SIGKILL');
  await until('its end', () => !isRunning(killed.pid));
  expect((await left.ask(ME, root)).status).toBe(200);
  // Its connection is lost with it; whoever connects again is answered.
  await killed.ask(ME, root).catch(() => undefined);
  expect((await killed.ask(ME, root)).status).toBe(200);
  const found = new Set<number>();
  await until('another worker', async () => {
    const door = new Door();
    await door.ask(ME, root);
    door.close();
    await delay(50);
    return found.add(door.pid).size === 2;
  });
  await until('readiness', async () => (await fetch(`${platform.url}/readyz`)).ok);
  for (const door of [killed, left]) door.close();
});

test('SIGTERM ends all', async () => {
  const both = await doors();
  for (const door of both) door.close();
  expect(await platform.stop()).toBe(0);
  expect(both.map(({ pid }) => isRunning(pid))).toEqual([false, false]);
});
