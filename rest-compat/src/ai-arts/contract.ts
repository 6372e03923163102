import type { Contract } from '../engine/contract.js';
import { StoredOperations } from '../engine/stored-operations.js';
import { annotations } from './annotations.js';
import { codes } from './codes.js';
import { datasets } from './datasets.js';
import { envelope } from './envelope.js';
import { codes as errors } from './error-map.js';
import { inferences } from './inferences.js';
import { models } from './models.js';
import { trainings } from './trainings.js';

/** AIArts: notebooks, models, trainings, datasets, annotations and inference services. */
export const aiArts: Contract = {
  name: 'ai-arts',
  prefix: '/ai_arts/api',
  routes: [...codes, ...models, ...trainings, ...datasets, ...inferences],
  passages: [annotations],
  operations: StoredOperations.fromFile(new URL('../../src/ai-arts/operations.graphql', import.meta.url)),
  envelope,
  errors,
  callerCheck: 'Caller',
};
