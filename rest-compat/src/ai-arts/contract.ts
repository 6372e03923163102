import type { Contract, Section } from '../engine/contract.js';
import { StoredOperations } from '../engine/stored-operations.js';
import { annotations } from './annotations.js';
import { codes } from './codes.js';
import { datasets } from './datasets.js';
import { envelope } from './envelope.js';
import { codes as errors } from './error-map.js';
import { guide } from './guide.js';
import { inferences } from './inferences.js';
import { models } from './models.js';
import { trainings } from './trainings.js';

const sections: readonly Section[] = [
  { name: 'codes', title: { en: 'Notebooks', zh: '代码开发' }, routes: codes },
  { name: 'models', title: { en: 'Models', zh: '模型管理' }, routes: models },
  { name: 'trainings', title: { en: 'Trainings', zh: '模型训练' }, routes: trainings },
  { name: 'datasets', title: { en: 'Datasets', zh: '数据集管理' }, routes: datasets },
  { name: 'annotations', title: { en: 'Annotations', zh: '数据标注' }, routes: [], passages: [annotations] },
  { name: 'inferences', title: { en: 'Inference services', zh: '推理服务' }, routes: inferences },
];

/** AIArts: notebooks, models, trainings, datasets, annotations and inference services. */
export const aiArts: Contract = {
  name: 'ai-arts',
  prefix: '/ai_arts/api',
  guide,
  routes: sections.flatMap(({ routes }) => routes),
  sections,
  passages: [annotations],
  operations: StoredOperations.fromFile(new URL('../../src/ai-arts/operations.graphql', import.meta.url)),
  envelope,
  errors,
  callerCheck: 'Caller',
};
