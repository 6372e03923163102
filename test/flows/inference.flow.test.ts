import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { BRIGHT, DARK, Recognizer, workersOf } from '../testkit/inference.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { LOCAL_ENGINE, localHoldings } from '../testkit/training.js';

// Alice has pictures recognised by a real ONNX model in a worker of its own, which is killed under load.

const CLIENTS = 6;

describe('an inference service with a real worker', { timeout: 180_000 }, () => {
  let platform: Platform;
  let root: Actor;
  let alice: Recognizer;
  let modelId: string;

  beforeAll(async () => {
    platform = await startPlatform({ environment: { ...LOCAL_ENGINE, JOB_MEMORY_MIB: '512' } });
    root = await admin(platform);
    alice = new Recognizer(await actor(root, 'alice'));
    modelId = await alice.model('brightness');
  }, 180_000);
  afterAll(() => platform?.dispose());

  test('tells dark pictures from bright ones, keeps its model, and draws the picture', async () => {
    const id = await alice.running({ modelId });
    expect(await Promise.all([alice.answer(id, DARK), alice.answer(id, BRIGHT)])).toEqual(['dark', 'bright']);
    const { data } = await alice.recognize(id, BRIGHT, { picture: true });
    expect(data.recognizeImage.labels.reduce((sum: number, { score }: { score: number }) => sum + score, 0)).toBeCloseTo(1, 5);
    const drawn = await fetch(new URL(data.recognizeImage.pictureUrl, platform.url));
    expect([drawn.status, drawn.headers.get('content-type')]).toEqual([200, 'image/png']);
    const { errors } = await alice.actor.graph('mutation ($id: ID!) { deleteModel(id: $id) }', { id: modelId });
    expect(errors[0]?.extensions.code).toBe('MODEL_IN_USE');
    await until('its requests to be counted', async () => (await alice.look(id))?.requests === 3);
    await alice.change('delete', id);
  });

  test('whose worker is killed with SIGKILL under load answers every request, and comes back', async () => {
    const id = await alice.running({ modelId });
    const [worker] = await workersOf(id);
    const answers: string[] = [];
    let isOver = false;
    const client = async () => {
      while (!isOver) answers.push(await alice.answer(id, BRIGHT));
    };
    const load = Promise.all(Array.from({ length: CLIENTS }, client));
    await until('answers', () => answers.length > CLIENTS);
    process.kill(worker!, 'SIGKILL');
    await until('the death to be told', () => answers.some((answer) => answer !== 'bright'));
    const afterwards = answers.length;
    await until('it to answer again', () => answers.lastIndexOf('bright') > afterwards);
    isOver = true;
    await load;
    expect(new Set(answers)).toContain('bright');
    expect([...new Set(answers)].filter((answer) => !['bright', 'INFERENCE_FAILED', 'SERVICE_NOT_RUNNING'].includes(answer))).toEqual([]);
    expect(await alice.look(id)).toMatchObject({ state: 'RUNNING', restarts: 1 });
    await alice.change('delete', id);
  });

  test('outlives the platform, and is asked by it again', async () => {
    const id = await alice.running({ modelId });
    await platform.kill();
    await platform.start();
    expect(await alice.answer(id, DARK)).toBe('dark');
    expect(await workersOf(id)).toHaveLength(1);
    await alice.change('delete', id);
  });

  test('is stopped and started again, and leaves nothing when it is deleted', async () => {
    const id = await alice.running({ modelId });
    await alice.change('stop', id);
    await alice.until(id, 'PAUSED');
    expect(await workersOf(id)).toEqual([]);
    expect(await alice.answer(id, DARK)).toBe('SERVICE_NOT_RUNNING');
    await alice.change('start', id);
    await alice.until(id, 'RUNNING');
    expect(await alice.answer(id, DARK)).toBe('dark');
    await alice.change('delete', id);
    expect(await alice.look(id)).toBeNull();
    await until('nothing to be left of it', async () => !(await localHoldings(platform)).folders.includes(id) && (await workersOf(id)).length === 0);
    await until('its model to be free', async () => (await alice.actor.graph('mutation ($id: ID!) { deleteModel(id: $id) }', { id: modelId })).errors.length === 0);
  });
});
