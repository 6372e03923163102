import { afterAll, beforeAll, expect, test } from 'vitest';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { until } from '../testkit/processes.js';
import { sampleReport } from '../testkit/sample.js';
import { full, runSeed, seeded } from '../testkit/seed.js';

// One task, told many things at once: whatever order they take effect in, exactly what it holds in the end is reserved.

const ROUNDS = full ? 40 : 8;
const AT_ONCE = 12;

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld();
});
afterAll(() => world?.platform.dispose());

const stateOf = async (taskId: number) => (await world.alice.ask('query ($id: ID!) { task(id: $id) { state chosen { id } } }', { id: String(taskId) })).task as { state: string; chosen: { id: string } | null };

test('choices, refusals, releases and reports of one task at once leave what it holds reserved, and nothing else', async () => {
  const seed = runSeed();
  console.log(`task races: HUTONG_TEST_SEED=${seed}`);
  const random = seeded(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  for (let round = 0; round < ROUNDS; round++) {
    const model = world.newModel();
    const report = () => world.report(...[1, 2, 3].map((n) => sampleReport({ gpu_model: model, gpu_available: 1, network_ips: `10.20.${round}.${n}`, network_ips_available: `10.20.${round}.${n}` })));
    await report();
    const { task_id, results } = await world.submit({ gpu_model: model, gpu_available: 1 });
    const ids = results.map(({ id }) => id);
    const deeds = [
      () => world.choose(task_id, pick(ids)),
      () => world.choose(task_id, pick(ids)),
      () => world.choose(task_id, pick(ids), false),
      () => report(),
      () => world.alice.graph('mutation ($id: ID!) { releaseTask(id: $id) { state } }', { id: String(task_id) }),
    ];
    const kinds = round % 2 === 0 ? deeds.slice(0, 4) : deeds;
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => pick(kinds)()));
    for (const answer of answers) {
      if ('body' in answer) expect([0, 409], JSON.stringify(answer.body)).toContain(answer.body.code);
      else for (const { extensions } of answer.errors) expect(extensions.code).toMatch(/^(TASK_NOT_OPEN|CONFLICT)$/);
    }
    let seen = '';
    await until(`round ${round} to settle`, async () => {
      const { state, chosen } = await stateOf(task_id);
      const reserved = await Promise.all(ids.map(async (id) => (await world.reserved(id)).gpu));
      const expected = ids.map((id) => (state === 'ALLOCATED' && chosen?.id === String(id) ? 1 : 0));
      seen = `${state} ${chosen?.id} reserved ${reserved.join()} of ${ids.join()}`;
      return state !== 'ALLOCATING' && reserved.join() === expected.join();
    }).catch((error: Error) => {
      throw new Error(`${error.message}: ${seen}`);
    });
  }
}, 120_000);

test('the same client token at once makes one task, and the same for everybody who sent it', async () => {
  const SUBMIT = 'mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { id } }';
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.alice.graph(SUBMIT, { input: { template: { once: true }, clientToken: 'the same' } })));
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  expect(new Set(answers.map(({ data }) => data.submitTask.id)).size).toBe(1);
});

test('many reports of the same resources at once leave each resource once, as one of them said', async () => {
  const model = world.newModel();
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, price) => world.report(...Array.from({ length: 50 }, (_, n) => sampleReport({ gpu_model: model, price, network_ips: `10.30.0.${n + 1}` })).toSorted(() => (price % 2 === 0 ? 1 : -1)))),
  );
  expect(answers.map(({ body }) => body.code)).toEqual(answers.map(() => 0));
  const { count, results } = await world.submit({ gpu_model: model });
  expect(count).toBe(50);
  const { computingResource } = await world.alice.ask('query ($id: ID!) { computingResource(id: $id) { price history(first: 20) { totalCount } } }', { id: String(results[0]!.id) });
  expect(computingResource.history.totalCount).toBe(12);
});

test('identifiers registered by many at once are registered once, and nobody fails', async () => {
  const header = '1101tc200044013301502601009';
  const values = Array.from({ length: 200 }, (_, n) => `${header}S${n}`);
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => world.provider.interconnect('POST', 'computing_ids/', { computing_ids: n % 2 === 0 ? values : values.toReversed() })));
  expect(answers.map(({ body }) => body.code)).toEqual(answers.map(() => 0));
});
