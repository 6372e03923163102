import { afterAll, beforeAll, expect, test } from 'vitest';
import { interconnectWorld, type InterconnectWorld } from '../../testkit/interconnect.world.js';
import { PARTS } from '../../testkit/platform.js';
import { isRunning, until } from '../../testkit/processes.js';

// What holds only where gateway and subgraphs are processes.

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld();
});
afterAll(() => world?.platform.dispose());

test('a subgraph that is killed leaves the others answering, and is picked up when it is back', async () => {
  const { alice, platform } = world;
  const { taskId, resourceId } = await world.offered();
  const killed = platform.pidOf('scheduling');
  await platform.crash('scheduling');
  const { errors } = await alice.graph('{ me { username } tasks(first: 1) { totalCount } }');
  for (const { extensions, message } of errors) expect([extensions.code, message]).toEqual(['SUBGRAPH_UNAVAILABLE', expect.stringContaining('scheduling')]);
  expect(errors).toHaveLength(1);
  expect((await alice.ask('{ me { username } }')).me.username).toBe('alice');
  await platform.recover();
  await until('the graph to find it again', async () => (await alice.graph('{ tasks(first: 1) { totalCount } }')).errors.length === 0);
  expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 0 });
  expect(platform.pidOf('scheduling')).not.toBe(killed);
});

test('without a token a subgraph answers 401 to everything', async () => {
  for (const query of ['{ _service { sdl } }', '{ __schema { types { name } } }', '{ tasks { totalCount } }']) {
    const response = await fetch(`${world.platform.urlOf('scheduling')}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
    expect(response.status).toBe(401);
  }
});

test('a signal ends every process', async () => {
  const pids = PARTS.map((part) => world.platform.pidOf(part));
  expect(await world.platform.stop()).toBe(0);
  expect(pids.filter(isRunning)).toEqual([]);
});
