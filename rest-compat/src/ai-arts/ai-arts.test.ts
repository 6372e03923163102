import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failing } from '../testkit/fake.graph.js';
import { RestServer } from '../testkit/rest.server.js';

let rest: RestServer;
beforeEach(async () => {
  rest = await RestServer.start();
});
afterEach(() => rest[Symbol.asyncDispose]());

const DATASETS = '/ai_arts/api/datasets';

describe('a failure of the graph', () => {
  it.each([
    ['BAD_INPUT', 400, 20001], ['CONFLICT', 400, 30000], ['FILE_TYPE_REFUSED', 400, 30001], ['STORE_FULL', 400, 30002], ['UPLOAD_FAILED', 400, 30002], ['ARCHIVE_BROKEN', 400, 30003],
    ['PATH_MISSING', 400, 30005], ['FILES_TOO_LARGE', 400, 30006], ['PATH_INVALID', 400, 30007], ['DATASET_IN_USE', 400, 30010], ['NAME_TAKEN', 400, 30012], ['CODE_PATH_INVALID', 400, 30201],
    ['TRAINING_TYPE_INVALID', 400, 30203], ['ENGINE_REFUSED', 400, 30204], ['UNAUTHENTICATED', 401, 20002], ['NOT_YOURS', 403, 30801], ['DATASET_NOT_FOUND', 404, 10001],
    ['ENGINE_NOT_CONFIGURED', 502, 40000], ['ENGINE_UNAVAILABLE', 502, 40000], ['SUBGRAPH_UNAVAILABLE', 502, 40000],
  ])('%s is HTTP %i and code %i', { tags: ['ai-arts/0/30002', 'ai-arts/0/30003', 'ai-arts/0/30010', 'ai-arts/0/30204', 'ai-arts/0/40000', 'ai-arts/0/code', 'ai-arts/0/msg'] }, async (graphCode, httpStatus, code) => {
    rest.graph.fields['registerDataset'] = failing('why', { code: graphCode });
    const { status, json } = await rest.post(DATASETS, { name: 'n', description: 'd', path: 'dataset/x' });
    expect([status, json]).toEqual([httpStatus, { code, msg: expect.stringMatching(/why/), data: {} }]);
  });

  it('that is our own fault is HTTP 500 and 10003, and tells nothing of itself', { tags: ['ai-arts/0/10003', 'ai-arts/rules/no-page'] }, async () => {
    for (const trouble of [() => Promise.reject(new Error('secret detail')), () => Promise.resolve({ errors: [{ message: 'secret detail', extensions: { code: 'constructor' } }] })]) {
      rest.graph.instead = trouble;
      const { status, text } = await rest.get(DATASETS);
      expect([status, text]).toEqual([500, '{"code":10003,"msg":"Internal Server Error","data":{}}']);
    }
  });
});
