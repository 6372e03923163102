import type { Contract } from '../engine/contract.js';
import { StoredOperations } from '../engine/stored-operations.js';
import { envelope } from './envelope.js';
import { codes } from './error-map.js';
import { guide } from './guide.js';
import { routes } from './routes.js';

/** 互通: compute interconnection, under `/api/v1`. */
export const interconnect: Contract = {
  name: 'interconnect',
  prefix: '/api/v1',
  guide,
  routes,
  operations: StoredOperations.fromFile(new URL('../../src/interconnect/operations.graphql', import.meta.url)),
  envelope,
  errors: codes,
};
