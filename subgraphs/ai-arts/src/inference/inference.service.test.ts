import { readdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { RuntimeFailure } from '../drivers/runtime/runtime.js';
import { tarOf } from '../testkit/archives.js';
import { InferenceActor } from '../testkit/inference.actor.js';
import { codeOf, InferenceHouse } from '../testkit/inference.house.js';
import type { ScriptedServers } from '../testkit/scripted.servers.js';
import { trainingHouse, type TrainingHouse } from '../testkit/training.house.js';

const MOST = 3;
const MINUTE = 60_000;
const RESTARTS = 2;

const picture = (grey: number): Promise<Buffer> => sharp({ create: { width: 8, height: 8, channels: 3, background: { r: grey, g: grey, b: grey } } }).png().toBuffer();
const [DARK, BRIGHT] = await Promise.all([picture(0), picture(255)]);

let world: InferenceHouse;
let house: TrainingHouse;
let servers: ScriptedServers;
let alice: InferenceActor;
let bob: InferenceActor;
let modelId: string;
beforeAll(async () => {
  world = await InferenceHouse.open({ servicesPerUser: MOST, inferenceRestarts: RESTARTS, inferenceSleepMs: 10 * MINUTE });
  ({ house, servers, alice, bob, modelId } = world);
});
afterEach(() => world.tidy());
afterAll(() => world?.close());

const become = (id: string, state: string) => world.become(id, state);
const running = (input: Record<string, unknown> = {}) => world.running(input);
const lastRunOf = async (id: string, number: number): Promise<string> => {
  await expect.poll(() => world.runsOf(id).length, { timeout: 30_000 }).toBe(number);
  return world.runsOf(id).at(-1)!.spec.id;
};

describe('a service', () => {
  test('is SCHEDULING until its worker answers, and says what is in a picture then', async () => {
    servers.isUp = false;
    const id = await alice.created({ modelId, description: 'two classes' });
    await become(id, 'SCHEDULING');
    expect(await alice.refused(id, { image: BRIGHT })).toBe('SERVICE_NOT_RUNNING job not running: it is SCHEDULING');
    servers.isUp = true;
    expect(await become(id, 'RUNNING')).toMatchObject({ engine: 'onnx', requests: 0, failed: 0, latencyMs: null, queue: 0, restarts: 0, model: { id: modelId, name: 'bright or dark' } });
    const { data } = await alice.recognize(id, { image: BRIGHT });
    expect(data.recognizeImage).toEqual({ task: 'classify', labels: [{ label: '1', score: 1 }, { label: '0', score: 0 }], boxes: [], pictureUrl: null });
    expect(await alice.labelOf(id, DARK)).toBe('0');
    expect((await alice.recognize(id, { image: DARK, top: 1 })).data.recognizeImage.labels).toEqual([{ label: '0', score: 1 }]);
    expect((await alice.recognize(id, { image: DARK, minScore: 0.5 })).data.recognizeImage.labels).toHaveLength(1);
  });

  test('is waited for as long as the request says', async () => {
    const { data } = await alice.create({ modelId, waitSeconds: 60 });
    expect(data.createInferenceService.state).toBe('RUNNING');
    servers.isUp = false;
    const id = await alice.created({ modelId });
    const answer = alice.recognize(id, { image: BRIGHT, waitSeconds: 60 });
    await become(id, 'SCHEDULING');
    servers.isUp = true;
    expect((await answer).data.recognizeImage.labels[0].label).toBe('1');
  });

  test('keeps its model from being deleted until it has ended', { tags: ['ai-arts/2.5/in-use'] }, async () => {
    const own = await alice.model('guarded');
    const id = await running({ modelId: own });
    const remove = () => alice.actor.ask('mutation ($id: ID!) { deleteModel(id: $id) }', { id: own });
    expect((await remove()).errors[0]).toMatchObject({ message: expect.stringContaining(id), extensions: { code: 'MODEL_IN_USE' } });
    await alice.change('stop', id);
    await become(id, 'PAUSED');
    expect(codeOf(await remove())).toBe('MODEL_IN_USE');
    await alice.change('delete', id);
    await expect.poll(async () => (await remove()).data?.deleteModel ?? null, { timeout: 30_000 }).toBe(true);
  });

  test('is stopped, started again as a new run, and leaves nothing when it is deleted', { tags: ['ai-arts/jobs/paused'] }, async () => {
    const id = await running();
    await alice.change('stop', id);
    await become(id, 'PAUSED');
    expect(await alice.refused(id, { image: BRIGHT })).toMatch(/^SERVICE_NOT_RUNNING .*PAUSED/);
    await alice.change('start', id);
    await become(id, 'RUNNING');
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    await alice.change('delete', id);
    expect(await alice.look(id)).toBeNull();
    await expect.poll(async () => [world.runsOf(id).filter(({ view }) => view.state !== 'ENDED').length, (await readdir(path.join(house.folder, 'ai-arts/jobs'))).includes(id)], { timeout: 30_000 }).toEqual([0, false]);
  });

  test('counts what it was asked, and for how long it was at it', async () => {
    const id = await running();
    for (let time = 0; time < 3; time++) await alice.labelOf(id, BRIGHT);
    expect(await alice.refused(id, { image: Buffer.from('no picture') })).toMatch(/^FILE_TYPE_REFUSED/);
    await house.subgraph.services.requestCounters.flush();
    expect(await alice.look(id)).toMatchObject({ requests: 4, failed: 1, latencyMs: expect.any(Number), lastRequestAt: expect.any(String) });
  });

  test('has a log, is listed, and tells of every state', async () => {
    const events = await alice.actor.listen('subscription { jobChanged { state job { id name } } }');
    const id = await running({ name: 'to be found' });
    const states: string[] = [];
    while (states.at(-1) !== 'RUNNING') states.push((await events.next()).value.data.jobChanged.state);
    expect(states).toEqual(['QUEUED', 'SCHEDULING', 'RUNNING']);
    await events.return!();
    house.engine.write(world.runsOf(id)[0]!.spec.id, 'the model is loaded\n');
    expect((await alice.look(id, 'log { text }')).log.text).toBe('the model is loaded\n');
    const { data } = await alice.actor.ask('{ inferenceServices(filter: { search: "found", states: [RUNNING] }) { totalCount nodes { id } } }');
    expect(data.inferenceServices).toEqual({ totalCount: 1, nodes: [{ id }] });
  });

  test('is its owner’s: nobody else sees it, changes it or asks it', async () => {
    const id = await running();
    const tries = [bob.change('stop', id), bob.change('start', id), bob.change('delete', id), bob.upload(id, BRIGHT), bob.recognize(id, { image: BRIGHT }), bob.actor.ask('query ($id: ID!) { inferenceService(id: $id) { id } }', { id })];
    for (const answer of await Promise.all(tries)) expect(codeOf(answer)).toBe('NOT_YOURS');
    expect(codeOf(await bob.create({ modelId }))).toBe('NOT_YOURS');
    expect((await bob.actor.ask('{ inferenceServices { totalCount } }')).data.inferenceServices.totalCount).toBe(0);
  });

  test('is made once for one client token, and a user has only so many', async () => {
    const [one, two] = await Promise.all([alice.created({ modelId, clientToken: 't' }), alice.created({ modelId, clientToken: 't' })]);
    expect(one).toBe(two);
    for (let count = 1; count < MOST; count++) await alice.created({ modelId });
    expect((await alice.create({ modelId })).errors[0]).toMatchObject({ message: expect.stringContaining('INFERENCE_SERVICES_PER_USER'), extensions: { code: 'JOB_QUOTA_EXCEEDED' } });
  });

  test('of a server of the site runs without the engine', async () => {
    servers.needsEngine = false;
    const before = house.engine.submits.length;
    const id = await running();
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    await alice.change('stop', id);
    await become(id, 'PAUSED');
    await alice.change('start', id);
    await become(id, 'RUNNING');
    expect(house.engine.submits.length).toBe(before);
  });

  test.each([true, false])('whose server is busy at the beginning runs nevertheless: on the engine %s', async (needsEngine) => {
    Object.assign(servers, { needsEngine, busyTimes: 1 });
    expect(await alice.labelOf(await running(), BRIGHT)).toBe('1');
  });

  test('is asked by any process', async () => {
    const beside = await trainingHouse({ servers, beside: house });
    try {
      const id = await running();
      const elsewhere = new InferenceActor(beside.actor({ userId: alice.actor.as.userId! }));
      expect(await elsewhere.labelOf(id, BRIGHT)).toBe('1');
      const { data } = await alice.upload(id, DARK);
      expect((await elsewhere.recognize(id, { imageId: data.uploadImage.id })).data.recognizeImage.labels[0].label).toBe('0');
      await beside.subgraph.services.requestCounters.flush();
      expect((await alice.look(id)).requests).toBe(2);
    } finally {
      await beside.close();
    }
  });
});

describe('a worker that dies', () => {
  test('is started again, a bounded number of times in a row, and the service says so', async () => {
    const id = await running();
    for (let death = 1; death <= RESTARTS; death++) {
      const run = await lastRunOf(id, death);
      await become(id, 'RUNNING');
      house.engine.end(run, { end: 'SIGNALLED', exitCode: null, reason: 'it was ended by SIGKILL' });
      await expect.poll(() => alice.look(id), { timeout: 30_000 }).toMatchObject({ restarts: death });
      expect((await alice.look(id)).stateReason ?? 'it is there again').toMatch(/SIGKILL.*started again in [12] s|there again/);
    }
    const last = await lastRunOf(id, RESTARTS + 1);
    await become(id, 'RUNNING');
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    house.engine.end(last, { exitCode: 3, reason: null });
    expect(await become(id, 'FAILED')).toMatchObject({ stateReason: `it ended with exit code 3; it was started again ${RESTARTS} times in a row (INFERENCE_RESTARTS)` });
    await alice.change('start', id);
    expect(await become(id, 'RUNNING')).toMatchObject({ restarts: 0 });
  });

  test('has its requests answered with an error at once, and is asked again where it listens then', async () => {
    const id = await running();
    await alice.labelOf(id, BRIGHT);
    const opened = servers.opened.length;
    servers.before = () => {
      throw new RuntimeFailure('GONE', 'the inference server does not answer');
    };
    expect(await alice.refused(id, { image: BRIGHT })).toBe('INFERENCE_FAILED the inference server does not answer');
    servers.before = () => undefined;
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    expect(servers.opened.slice(opened)).toEqual([id]);
  });

  test('takes with it the requests that it was at, and not those of the connection that was opened since', async () => {
    const id = await running();
    const late = Promise.withResolvers<never>();
    const gone = () => new RuntimeFailure('GONE', 'the inference server does not answer');
    let asked = 0;
    servers.before = () => (++asked === 1 ? late.promise : undefined);
    const first = alice.refused(id, { image: BRIGHT });
    await expect.poll(() => asked, { timeout: 30_000 }).toBe(1);
    servers.before = () => {
      throw gone();
    };
    expect(await alice.refused(id, { image: BRIGHT })).toMatch(/^INFERENCE_FAILED/);
    servers.before = () => undefined;
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    const [opened, closed] = [servers.opened.length, servers.closed.length];
    late.reject(gone());
    expect(await first).toMatch(/^INFERENCE_FAILED/);
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    expect([servers.opened.length, servers.closed.length]).toEqual([opened, closed]);
  });

  test('over a model that it can never serve is not started again, and the service says why', async () => {
    const id = await running();
    servers.refusal = 'cannot serve model: Protobuf parsing failed';
    house.engine.end(id, { exitCode: 3, reason: null });
    expect(await become(id, 'FAILED')).toMatchObject({ stateReason: servers.refusal, restarts: 0 });
    expect(world.runsOf(id)).toHaveLength(1);
  });

  test('does not come back when its owner has stopped it meanwhile', async () => {
    const id = await running();
    house.engine.end(id, { exitCode: 1 });
    await become(id, 'QUEUED');
    await alice.change('stop', id);
    await become(id, 'PAUSED');
    expect(world.runsOf(id)).toHaveLength(1);
  });
});

describe('a service that nobody asks', () => {
  const sleep = async (id: string) => {
    await house.subgraph.services.inferenceActivity.sweep(new Date(Date.now() + 11 * MINUTE));
    return become(id, 'PAUSED');
  };

  test('sleeps, and is woken by the next request', async () => {
    const id = await running();
    await house.subgraph.services.inferenceActivity.sweep();
    expect((await alice.look(id)).state).toBe('RUNNING');
    expect((await sleep(id)).stateReason).toBe('nobody asked it for 10 min; the next request wakes it');
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
    expect(await alice.look(id)).toMatchObject({ state: 'RUNNING', stateReason: null });
  });

  test('is not one that is at a request', async () => {
    const id = await running();
    const [before] = await Promise.all([alice.look(id), house.subgraph.services.requestCounters.flush()]);
    const answer = Promise.withResolvers<void>();
    servers.before = () => answer.promise;
    const asked = alice.labelOf(id, BRIGHT);
    await expect.poll(async () => (await alice.look(id)).queue, { timeout: 30_000 }).toBe(1);
    await house.subgraph.services.requestCounters.flush();
    const during = await alice.look(id);
    expect(Date.parse(during.lastRequestAt)).toBeGreaterThan(Date.parse(before.lastRequestAt));
    expect(during.requests).toBe(0);
    answer.resolve();
    expect(await asked).toBe('1');
  });

  test('is not woken when its owner stops it while it falls asleep', async () => {
    const id = await running();
    const { jobs, inferenceActivity } = house.subgraph.services;
    const pause = vi.spyOn(jobs, 'pause').mockImplementationOnce(async (...stop) => {
      await inferenceActivity.sweep(new Date(Date.now() + 11 * MINUTE));
      return jobs.pause(...stop);
    });
    await alice.change('stop', id);
    pause.mockRestore();
    await become(id, 'PAUSED');
    expect(await alice.refused(id, { image: BRIGHT })).toMatch(/^SERVICE_NOT_RUNNING .*PAUSED/);
  });

  test('sleeps although the store of pictures is away', async () => {
    const id = await running();
    const sweep = vi.spyOn(house.subgraph.services.images, 'sweep').mockRejectedValueOnce(new Error('the store is away'));
    await expect(sleep(id)).rejects.toThrow('the store is away');
    sweep.mockRestore();
    await become(id, 'PAUSED');
  });

  test('is waited for no longer than said', async () => {
    const id = await running();
    await sleep(id);
    servers.isUp = false;
    expect(await alice.refused(id, { image: BRIGHT, waitSeconds: 0 })).toMatch(/^SERVICE_NOT_RUNNING job not running: .*is being woken/);
    servers.isUp = true;
    await become(id, 'RUNNING');
  });

  test('stays asleep when its owner has stopped it', async () => {
    const id = await running();
    await sleep(id);
    await alice.change('stop', id);
    expect(await alice.refused(id, { image: BRIGHT })).toMatch(/^SERVICE_NOT_RUNNING .*PAUSED/);
    expect((await alice.look(id)).state).toBe('PAUSED');
  });
});

describe('a service that cannot be', () => {
  test.each([
    [{ name: '' }, 'BAD_INPUT'],
    [{ deviceType: 'gpu' }, 'BAD_INPUT'],
    [{ deviceNum: 0 }, 'BAD_INPUT'],
    [{ deviceNum: 1_000 }, 'ENGINE_REFUSED'],
    [{ memoryBytes: 1 }, 'BAD_INPUT'],
    [{ modelId: '999999' }, 'MODEL_NOT_FOUND'],
    [{ modelId: 'x' }, 'MODEL_NOT_FOUND'],
    [{ modelId: null }, 'BAD_INPUT'],
    [{ modelPath: 'model/x' }, 'BAD_INPUT'],
    [{ modelId: null, modelPath: 'model/x' }, 'MODEL_NOT_FOUND'],
    [{ waitSeconds: 601 }, 'LIMIT_EXCEEDED'],
  ])('%j is refused with %s', async (input, code) => {
    expect(codeOf(await alice.create({ modelId, ...input }))).toBe(code);
  });

  test('a name or a description that is too long is refused', async () => {
    for (const input of [{ name: 'x'.repeat(256) }, { description: 'x'.repeat(10_001) }]) expect(codeOf(await alice.create({ modelId, ...input }))).toBe('BAD_INPUT');
  });

  test('a model of another format, without an ONNX file, or with several', async () => {
    const other = await alice.model('other', { fileName: 'x.tar', bytes: await tarOf({ 'weights.bin': 'x' }) });
    expect((await alice.create({ modelId: other })).errors[0]).toMatchObject({ message: expect.stringContaining('"files"'), extensions: { code: 'MODEL_NOT_SERVABLE' } });
    const none = await alice.model('none', { fileName: 'x.tar', bytes: await tarOf({ 'weights.bin': 'x' }), format: 'onnx' });
    expect((await alice.create({ modelId: none })).errors[0]).toMatchObject({ message: expect.stringContaining('no .onnx file'), extensions: { code: 'MODEL_NOT_SERVABLE' } });
    const several = await alice.model('several', { fileName: 'x.tar', bytes: await tarOf({ 'a.onnx': 'x', 'b.onnx': 'y' }) });
    expect((await alice.create({ modelId: several })).errors[0]).toMatchObject({ message: expect.stringContaining('2 .onnx files'), extensions: { code: 'MODEL_NOT_SERVABLE' } });
  });

  test('a model is found by its path, too', async () => {
    const { data } = await alice.actor.ask('query ($id: ID!) { model(id: $id) { path } }', { id: modelId });
    const id = await running({ modelId: undefined, modelPath: data.model.path });
    expect((await alice.look(id)).model.id).toBe(modelId);
  });

  test('whose hutong.json does not fit is FAILED before anybody asks it, and its worker is ended', async () => {
    const wrong = await alice.model('wrong', { fileName: 'x.tar', bytes: await tarOf({ 'model.onnx': 'x', 'hutong.json': '{"input":{"width":9}}' }) });
    const id = await alice.created({ modelId: wrong });
    expect((await become(id, 'FAILED')).stateReason).toMatch(/^hutong\.json input\.width: 9 is not what the model takes/);
    await expect.poll(() => world.runsOf(id).map(({ view }) => view.state), { timeout: 30_000 }).toEqual(['ENDED']);
    servers.needsEngine = false;
    const other = await alice.created({ modelId: wrong });
    expect((await become(other, 'ERROR')).stateReason).toMatch(/^hutong\.json input\.width: /);
  });
});
