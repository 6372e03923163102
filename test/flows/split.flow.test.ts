import { afterAll, beforeAll, expect, test } from 'vitest';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { isRunning, until } from '../testkit/processes.js';

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld({ mode: 'split' });
});
afterAll(() => world?.platform.dispose());

/** The process that a part runs in at present. */
const pidOf = (name: string): number => Number([...world.platform.output().matchAll(new RegExp(`\\[${name}\\] is process (\\d+)`, 'g'))].at(-1)![1]);

test('a subgraph that is killed leaves the others answering, and is picked up when it is back', async () => {
  const { alice, platform } = world;
  const { taskId, resourceId } = await world.offered();
  const killed = pidOf('scheduling');
  process.kill(killed, 'SIGKILL');
  await until('its end', () => !isRunning(killed));
  const { errors } = await alice.graph('{ me { username } tasks(first: 1) { totalCount } }');
  for (const { extensions, message } of errors) expect([extensions.code, message]).toEqual(['SUBGRAPH_UNAVAILABLE', expect.stringContaining('scheduling')]);
  expect(errors).toHaveLength(1);
  expect((await alice.ask('{ me { username } }')).me.username).toBe('alice');
  await until('its return', async () => (await fetch(`${platform.url}/readyz`)).ok);
  await until('the graph to find it again', async () => (await alice.graph('{ tasks(first: 1) { totalCount } }')).errors.length === 0);
  expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 0 });
  expect(pidOf('scheduling')).not.toBe(killed);
});

test('without a token a subgraph answers 401 to everything', async () => {
  const [, url] = /\[scheduling\] scheduling listens on (\S+)/.exec(world.platform.output())!;
  for (const query of ['{ _service { sdl } }', '{ __schema { types { name } } }', '{ tasks { totalCount } }']) {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
    expect(response.status).toBe(401);
  }
});

test('a signal ends every process', async () => {
  const pids = ['compute-registry', 'scheduling', 'machines', 'gateway'].map(pidOf);
  expect(await world.platform.stop()).toBe(0);
  expect(pids.filter(isRunning)).toEqual([]);
});
