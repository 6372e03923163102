import { afterAll, beforeAll } from 'vitest';
import { addressesSuite } from './addresses.suite.js';
import { entitiesSuite } from './entities.suite.js';
import { mutationsSuite } from './mutations.suite.js';
import { queriesSuite } from './queries.suite.js';
import { routesSuite } from './routes.suite.js';
import { subscriptionsSuite } from './subscriptions.suite.js';
import { openWorld, type World } from './world.js';

// Who may see and do what: every root field of the graph, every entity, every route, each asked by every kind of caller with
// the names of somebody's own things. The answers are the tables in `expected`; `vitest run test/access -u` writes them anew,
// to be read line by line.

let world: World;
beforeAll(async () => {
  world = await openWorld();
}, 300_000);
afterAll(() => world?.dispose());

// In this order: what mutations change is not looked at afterwards.
queriesSuite(() => world);
entitiesSuite(() => world);
subscriptionsSuite(() => world);
mutationsSuite(() => world);
routesSuite(() => world);
addressesSuite(() => world);
