import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';

const USERS = 50;

let platform: Platform;
let provider: Actor;
let users: Actor[];

beforeAll(async () => {
  platform = await startPlatform();
  const root = await admin(platform);
  provider = await actor(root, 'sugon', { roles: ['PROVIDER'], organization: '20004' });
  users = await Promise.all(Array.from({ length: USERS }, (_, n) => actor(root, `user-${n}`)));
});
afterAll(() => platform?.dispose());

test('with one GPU left, 50 users who choose at once: one gets it, 49 are told 409; a release gives it back', async () => {
  await provider.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
  await provider.interconnect('POST', 'computing_resources/', { computing_resources: [sampleReport({ gpu_available: 1 })] });
  const tasks = await Promise.all(users.map((user) => user.interconnect('POST', 'query_computing_resources_by_task_template/', { gpu_available: 1 })));
  const answers = await Promise.all(
    users.map((user, n) => {
      const { task_id, results } = tasks[n]!.body.data;
      return user.interconnect('POST', 'task_path/', { task_id, computing_resource_id: results[0].id, result: true });
    }),
  );
  const codes = answers.map(({ body }) => body.code as number);
  expect(codes.filter((code) => code === 0)).toHaveLength(1);
  expect(codes.filter((code) => code === 409)).toHaveLength(USERS - 1);

  const winner = codes.indexOf(0);
  const free = async () => (await users[0]!.ask('{ computingResources(first: 1) { nodes { gpuAvailable reserved { gpu } } } }')).computingResources.nodes[0];
  expect(await free()).toMatchObject({ reserved: { gpu: 1 } });
  await users[winner]!.ask('mutation ($id: ID!) { releaseTask(id: $id) { state } }', { id: tasks[winner]!.body.data.task_id });
  expect(await free()).toMatchObject({ reserved: { gpu: 0 } });
});
