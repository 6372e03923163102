import { sql } from '@hutong/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '@hutong/common/testkit';
import { trainingHouse, type TrainingActor, type TrainingHouse } from '../testkit/training.house.js';

// Jobs are stored in one statement or step by step, as it happens: what is shown here must hold for any mixture of both.

const QUOTA = 12;

let first: TrainingHouse;
let second: TrainingHouse;
beforeAll(async () => {
  first = await trainingHouse({ settings: { trainingsPerUser: QUOTA, jobsAhead: 1 } });
  // Nothing of what is stored is begun, so that nothing ends by itself.
  first.engine.startsAtOnce = false;
  second = await trainingHouse({ beside: first, settings: { trainingsPerUser: QUOTA, jobsAhead: 1 } });
});
afterAll(async () => {
  await second?.close();
  await first?.close();
});

/** The same user in both processes, with code that a training keeps already. */
async function userOfBoth(): Promise<{ both: [TrainingActor, TrainingActor]; input: Record<string, unknown>; id: string }> {
  const alice = first.actor();
  const input = { code: null, codePath: await alice.uploaded('CODE', 'train.sh', 'echo'), startupFile: 'train.sh' };
  return { both: [alice, second.actor(alice.as)], input, id: await alice.created(input) };
}

const idsOf = (answers: readonly Answer[]): string[] => answers.flatMap(({ data }) => (data ? [data.createTraining.id as string] : []));
const codesOf = (answers: readonly Answer[]): string[] => [...new Set(answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code)))];
const atOnce = (count: number, [one, other]: [TrainingActor, TrainingActor], input: Record<string, unknown>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, place) => (place % 2 === 0 ? one : other).create(input)));

test('a user keeps to the quota in all processes together, whatever comes at the same time', async () => {
  const { both, input, id } = await userOfBoth();
  const answers = await atOnce(40, both, input);
  expect(idsOf(answers)).toHaveLength(QUOTA - 1);
  expect(codesOf(answers)).toEqual(['JOB_QUOTA_EXCEEDED']);
  for (const ended of [id, ...idsOf(answers).slice(0, 4)]) {
    await both[1].change('stop', ended);
    await both[0].until(ended, 'KILLED');
  }
  const more = await atOnce(20, both, input);
  expect(idsOf(more)).toHaveLength(5);
  expect(codesOf(more)).toEqual(['JOB_QUOTA_EXCEEDED']);
});

test('the same client token at the same time is one training', async () => {
  const { both, input } = await userOfBoth();
  await both[1].created(input);
  const answers = await atOnce(10, both, { ...input, clientToken: 'once' });
  expect(new Set(idsOf(answers)).size).toBe(1);
  expect(codesOf(answers)).toEqual([]);
  expect((await both[0].ask('{ trainings { totalCount } }')).data.trainings.totalCount).toBe(3);
});

test('whoever uses code while its last user lets go of it has it, or is told that it is gone', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { both, input, id } = await userOfBoth();
    const [created] = await Promise.all([atOnce(4, both, input), both[1].change('delete', id), both[0].change('stop', id)]);
    expect(['', 'PATH_MISSING']).toContain(codesOf(created).join());
    const claims = await sql<{ job: string; state: string }>(
      first.em(),
      `select job.id as job, file_set.state from ai_arts.job join ai_arts.file_set_claim on claimant = 'job:' || job.id join ai_arts.file_set on file_set.id = file_set_id where job.id = any ($1::uuid[])`,
      [idsOf(created)],
    );
    expect(claims.map(({ job }) => job).toSorted()).toEqual(idsOf(created).toSorted());
    expect(claims.every(({ state }) => state === 'READY')).toBe(true);
  }
});

test('who follows hears of every training, whichever process stored it', async () => {
  const { both, input } = await userOfBoth();
  const changes = await both[0].listen('subscription { jobChanged { state job { id } } }');
  const ids = idsOf(await atOnce(8, both, input));
  expect(ids).toHaveLength(8);
  const heard = new Set<string>();
  for await (const { data } of changes) {
    if (data.jobChanged.state === 'QUEUED') heard.add(data.jobChanged.job.id as string);
    if (ids.every((id) => heard.has(id))) break;
  }
});
