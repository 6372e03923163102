import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { trainingHouse, type TrainingHouse } from '../testkit/training.house.js';

// Jobs that an engine took on and does not know any more, such as a Slurm whose controller died before it had saved them.

let house: TrainingHouse;
beforeAll(async () => {
  house = await trainingHouse();
});
afterEach(() => {
  house.engine.startsAtOnce = true;
});
afterAll(() => house?.close());

const submitsOf = (id: string): number => house.engine.submits.filter((submitted) => submitted === id).length;

/** A training that the engine has and has not begun. */
async function waiting(): Promise<{ alice: ReturnType<TrainingHouse['actor']>; id: string }> {
  house.engine.startsAtOnce = false;
  const alice = house.actor();
  const id = await alice.created();
  await expect.poll(async () => (await alice.look(id)).stateReason).toBe('waits for processors');
  return { alice, id };
}

describe('a job that the engine has lost', () => {
  test('before it was begun is submitted again, as the same run, and runs', async () => {
    const { alice, id } = await waiting();
    const { spec } = house.engine.runs.get(id)!;
    house.engine.startsAtOnce = true;
    house.engine.lose(id, true);
    await alice.until(id, 'RUNNING');
    expect(submitsOf(id)).toBe(2);
    expect(house.engine.runs.get(id)!.spec).toEqual(spec);
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
  });

  test('after it was begun is not run a second time, and says so', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    house.engine.lose(id, true);
    expect((await alice.until(id, 'ERROR')).stateReason).toContain('does not know it any more');
    expect(submitsOf(id)).toBe(1);
  });

  test('and that may have been begun is not run a second time either', async () => {
    const { alice, id } = await waiting();
    house.engine.lose(id);
    await alice.until(id, 'ERROR');
    expect(submitsOf(id)).toBe(1);
  });

  test('again and again is given up', async () => {
    const { alice, id } = await waiting();
    for (let losses = 1; losses <= 4; losses++) {
      await expect.poll(() => [submitsOf(id), house.engine.runs.has(id)]).toEqual([losses, true]);
      await expect.poll(async () => (await alice.look(id)).stateReason).toBe('waits for processors');
      house.engine.lose(id, true);
    }
    expect((await alice.until(id, 'ERROR')).stateReason).toBe('the engine lost it before it was begun, 4 times');
    expect(submitsOf(id)).toBe(4);
  });

  test('while it was being stopped is over', async () => {
    const { alice, id } = await waiting();
    house.engine.heedsStop = false;
    await alice.change('stop', id);
    house.engine.lose(id, true);
    await alice.until(id, 'KILLED');
    house.engine.heedsStop = true;
    expect(submitsOf(id)).toBe(1);
  });
});
