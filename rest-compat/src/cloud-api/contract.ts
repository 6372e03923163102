import type { Contract } from '../engine/contract.js';
import { StoredOperations } from '../engine/stored-operations.js';
import { envelope } from './envelope.js';
import { retCodes } from './error-map.js';
import { guide } from './guide.js';
import { routes } from './routes.js';

/** cloud_api: commands in a form, at one path. */
export const cloudApi: Contract = {
  name: 'cloud-api',
  prefix: '/cloud_api',
  guide,
  routes,
  operations: StoredOperations.fromFile(new URL('../../src/cloud-api/operations.graphql', import.meta.url)),
  envelope,
  errors: retCodes,
  forms: { command: 'command', credential: 'token' },
  callerCheck: 'Caller',
  trustsNetworks: true,
};
