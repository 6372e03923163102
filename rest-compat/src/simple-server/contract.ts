import type { Contract } from '../engine/contract.js';
import { StoredOperations } from '../engine/stored-operations.js';
import { envelope } from './envelope.js';
import { httpStatuses } from './error-map.js';
import { guide } from './guide.js';
import { routes } from './routes.js';

/** SimpleServerAPI under `/api`. */
export const simpleServer: Contract = {
  name: 'simple-server',
  prefix: '/api',
  guide,
  routes,
  operations: StoredOperations.fromFile(new URL('../../src/simple-server/operations.graphql', import.meta.url)),
  envelope,
  errors: httpStatuses,
};
