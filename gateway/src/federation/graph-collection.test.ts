import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { testGateway } from '../testkit/test-gateway.js';
import { TestSocket, until } from '../testkit/test-socket.js';
import { composeSupergraph } from './compose.js';
import type { FederatedGraph } from './federated-graph.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function isCollected(graph: WeakRef<FederatedGraph>): Promise<boolean> {
  for (let round = 0; round < 10; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    if (graph.deref() === undefined) return true;
  }
  return false;
}

test('a graph that is no longer current is let go, though subscriptions and sockets of its time live on', async () => {
  const gateway = await testGateway();
  const socket = await TestSocket.acknowledged(gateway.url, gateway.subgraphs.credential('alice'));
  const query = '{ person(id: "1") { name things { label } } }';
  socket.subscribe('a', 'subscription { visited { id person { things { label } } } }');
  socket.subscribe('b', 'subscription { visited(after: "0") { id note } }');
  await until(() => gateway.subgraphs.visitors === 2);
  gateway.subgraphs.visit('1');
  await Promise.all([socket.results('a', 1), socket.results('b', 1)]);
  const graphs: WeakRef<FederatedGraph>[] = [];
  for (const field of ['one', 'two', 'three']) {
    await gateway.ask(query);
    socket.subscribe(field, query);
    await socket.until(({ type, id }) => type === 'complete' && id === field);
    graphs.push(new WeakRef(gateway.graph));
    await gateway.reload(await composeSupergraph(gateway.subgraphs.sdl.map(({ name, sdl }) => ({ name, sdl: sdl.replace('label: String!', `label: String!, ${field}: String`) }))));
  }
  gateway.subgraphs.visit('1');
  await Promise.all([socket.results('a', 2), socket.results('b', 2)]);
  await gateway.ask(query);
  const collected: boolean[] = [];
  for (const graph of graphs) collected.push(await isCollected(graph));
  expect(collected).toEqual([true, true, true]);
  gateway.subgraphs.visit('1');
  await socket.results('a', 3);
  socket.end();
  await gateway.stop();
});
