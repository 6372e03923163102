import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { sql } from '@hutong/common';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EngineError } from '../drivers/engine/engine.js';
import { TRAINING, trainingHouse, type TrainingHouse } from '../testkit/training.house.js';

let house: TrainingHouse;
beforeAll(async () => {
  house = await trainingHouse();
});
afterEach(() => {
  Object.assign(house.engine, { before: () => undefined, afterSubmit: () => undefined, startsAtOnce: true, heedsStop: true, speaks: true });
  house.store.before = () => undefined;
});
afterAll(() => house?.close());

const STATES = 'subscription ($id: ID, $after: ID) { jobChanged(id: $id, after: $after) { id state job { id name state } } }';

async function states(events: AsyncIterableIterator<{ data: { jobChanged: { state: string } } }>, until: string): Promise<string[]> {
  const seen: string[] = [];
  for await (const { data } of events) {
    seen.push(data.jobChanged.state);
    if (data.jobChanged.state === until) break;
  }
  return seen;
}

describe('a training', () => {
  test('is queued, runs, and is finished; every state is told once, and its program gets its arguments one by one', { tags: ['ai-arts/3.4/vector', 'ai-arts/jobs/running'] }, async () => {
    const alice = house.actor();
    const events = await alice.listen(STATES);
    const code = await alice.uploaded('CODE', 'train.py', 'print(1)');
    const data = await alice.uploaded('DATASET', 'points.csv', '1,2');
    const id = await alice.created({ engine: 'python', code: null, codePath: code, startupFile: 'train.py', datasetPath: data, outputPath: 'best/one', params: { lr: 0.1, name: 'a; rm -rf / $(x)', deep: true, epochs: 3 } });
    await alice.until(id, 'RUNNING');
    const { spec } = house.engine.runs.get(id)!;
    const folder = path.join(house.folder, 'ai-arts/jobs', id);
    const [staged] = spec.readOnly;
    expect(spec.argv).toEqual(['python3', 'train.py', '--lr', '0.1', '--name', 'a; rm -rf / $(x)', '--deep', 'true', '--epochs', '3', '--data_path', staged, '--output_path', path.join(folder, 'output/best/one')]);
    expect(spec).toMatchObject({ folder, workingFolder: path.join(folder, 'work'), tasks: 1, cpus: 1, gpus: 0 });
    expect(await readdir(spec.workingFolder)).toEqual(['train.py']);
    expect(await readdir(staged!)).toEqual(['points.csv']);
    house.engine.end(id);
    expect(await alice.until(id, 'FINISHED')).toMatchObject({ exitCode: 0, stateReason: null, startedAt: expect.any(String), endedAt: expect.any(String), codePath: code });
    expect(await states(events as never, 'FINISHED')).toEqual(['QUEUED', 'SCHEDULING', 'RUNNING', 'FINISHED']);
  });

  test.each([
    [{ exitCode: 3 }, 'FAILED', 'exit code 3'],
    [{ end: 'MEMORY', exitCode: null }, 'FAILED', 'memory'],
    [{ end: 'TIME_LIMIT', exitCode: null }, 'FAILED', 'time limit'],
    [{ end: 'LOST', exitCode: null, reason: 'the node went down' }, 'ERROR', 'the node went down'],
    [{ end: 'STOPPED', exitCode: null }, 'KILLED', 'on the engine'],
  ] as const)('that ends as %j is %s, and says why', { tags: ['ai-arts/jobs/running'] }, async (end, state, words) => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    house.engine.end(id, end);
    expect((await alice.until(id, state)).stateReason).toContain(words);
  });

  test('that the engine does not know any more is in ERROR', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    house.engine.lose(id);
    expect((await alice.until(id, 'ERROR')).stateReason).toContain('does not know');
  });

  test('runs on an engine that must be asked', async () => {
    house.engine.speaks = false;
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
  });

  test('is made once for one client token, also when it comes many times at once; with another input it is refused', async () => {
    const alice = house.actor();
    const answers = await Promise.all(Array.from({ length: 5 }, () => alice.create({ clientToken: 'once' })));
    expect(new Set(answers.map(({ data }) => data.createTraining.id)).size).toBe(1);
    expect(await alice.refused({ clientToken: 'once', name: 'another' })).toContain('CONFLICT');
    expect((await house.actor().create({ clientToken: 'once' })).errors).toEqual([]);
  });

  test('of type PSDistJob runs as many tasks as it has servers and workers', async () => {
    const alice = house.actor();
    const id = await alice.created({ jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 2, deviceType: 'A100', deviceNum: 2 });
    await alice.until(id, 'RUNNING');
    expect(house.engine.runs.get(id)!.spec).toMatchObject({ tasks: 3, environment: { NUM_PS: '1', NUM_PS_WORKER: '2' }, gpus: 2, gpuModel: 'A100', network: true });
  });

  test('is run again with the same code and parameters', async () => {
    const alice = house.actor();
    const id = await alice.created({ params: { epochs: 2 } });
    await alice.until(id, 'RUNNING');
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
    const again = (await alice.change('resubmit', id)).data.resubmitTraining.id as string;
    await alice.until(again, 'RUNNING');
    const [first, second] = [id, again].map((run) => house.engine.runs.get(run)!.spec);
    expect(second!.argv.map((word) => word.replace(again, id))).toEqual(first!.argv);
  });

  test('is somebody else\'s: neither seen nor stopped', async () => {
    const [alice, bob, root] = [house.actor(), house.actor(), house.actor({ roles: ['ADMIN'] })];
    const id = await alice.created();
    expect((await bob.ask(`query ($id: ID!) { training(id: $id) { id } }`, { id })).errors[0]!.extensions.code).toBe('NOT_YOURS');
    for (const verb of ['stop', 'delete', 'resubmit'] as const) expect((await bob.change(verb, id)).errors[0]!.extensions.code).toBe('NOT_YOURS');
    await expect(bob.listen(STATES, { id })).rejects.toThrow('NOT_YOURS');
    await expect(bob.listen('subscription ($id: ID!) { trainingLog(id: $id) { text } }', { id })).rejects.toThrow('NOT_YOURS');
    expect((await bob.ask('{ trainings { totalCount } }')).data.trainings.totalCount).toBe(0);
    expect(await root.look(id, 'id')).toEqual({ id });
    expect((await bob.ask('{ training(id: "nobody\'s") { id } }')).data).toEqual({ training: null });
    for (const verb of ['stop', 'delete', 'resubmit'] as const) expect((await bob.change(verb, 'no such')).errors[0]!.extensions.code).toBe('JOB_NOT_FOUND');
  });
});

describe('stopping', () => {
  test('a training that runs ends it on the engine; to stop it again changes nothing', { tags: ['ai-arts/jobs/killed', 'ai-arts/jobs/kill-any', 'ai-arts/jobs/kill-ended'] }, async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    house.engine.heedsStop = false;
    expect((await alice.change('stop', id)).data.stopTraining.state).toBe('KILLING');
    expect((await alice.change('stop', id)).data.stopTraining.state).toBe('KILLING');
    house.engine.end(id, { end: 'STOPPED', exitCode: null });
    await alice.until(id, 'KILLED');
    expect((await alice.change('stop', id)).data.stopTraining.state).toBe('KILLED');
  });

  test('a training that waits for its files is done at once, and the engine never hears of it', async () => {
    const stuck = Promise.withResolvers<void>();
    house.store.before = () => stuck.promise;
    const alice = house.actor();
    const code = await (async () => {
      house.store.before = () => undefined;
      return alice.uploaded('CODE', 'train.sh', 'echo');
    })();
    house.store.before = () => stuck.promise;
    const id = await alice.created({ code: null, codePath: code, startupFile: 'train.sh' });
    expect((await alice.change('stop', id)).data.stopTraining.state).toBe('KILLED');
    stuck.resolve();
    await alice.until(id, 'KILLED');
    await house.subgraph.services.jobReconciler.sweep();
    expect(house.engine.submits).not.toContain(id);
  });

  test('a training whose submit was lost on the way ends what has come of it', async () => {
    const alice = house.actor();
    house.engine.afterSubmit = () => {
      throw new EngineError('UNREACHABLE', 'the answer was lost');
    };
    const id = await alice.created();
    await expect.poll(() => house.engine.runs.has(id)).toBe(true);
    await alice.change('stop', id);
    await alice.until(id, 'KILLED');
    expect(house.engine.runs.get(id)!.view).toMatchObject({ state: 'ENDED', end: 'STOPPED' });
  });
});

describe('deleting', () => {
  test('a training takes its folder, its log and the engine\'s record; it is out of sight at once', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    expect((await alice.change('delete', id)).data).toEqual({ deleteTraining: true });
    expect(await alice.look(id)).toBeNull();
    expect((await alice.ask('{ trainings { totalCount } }')).data.trainings.totalCount).toBe(0);
    expect((await alice.change('delete', id)).errors[0]!.extensions.code).toBe('JOB_NOT_FOUND');
    await expect.poll(() => house.engine.runs.has(id)).toBe(false);
    await expect.poll(() => readdir(path.join(house.folder, 'ai-arts/jobs'))).not.toContain(id);
    await expect.poll(async () => (await alice.ask('query ($userId: ID!) { ownsRunningThings(userId: $userId) }', { userId: alice.as.userId })).errors.length).toBe(1);
  });
});

test('a user owns running things until the last training has ended, which peers are told', async () => {
  const alice = house.actor();
  const owns = async () => (await house.subgraph.ask('query ($userId: ID!) { ownsRunningThings(userId: $userId) }', { as: alice.as, origin: 'peer', variables: { userId: alice.as.userId } })).data.ownsRunningThings;
  expect(await owns()).toBe(false);
  const id = await alice.created();
  expect(await owns()).toBe(true);
  await alice.until(id, 'RUNNING');
  house.engine.end(id);
  await alice.until(id, 'FINISHED');
  expect(await owns()).toBe(false);
});

test('trainings are listed by pages in the order asked for, filtered by state and words', async () => {
  const alice = house.actor();
  const names = ['cats', 'dogs', 'birds 100%', 'fish'];
  for (const name of names) {
    const id = await alice.created({ name, description: name === 'fish' ? 'not Dogs' : null });
    await alice.until(id, 'RUNNING');
    if (name !== 'cats') house.engine.end(id, { exitCode: name === 'fish' ? 1 : 0 });
    if (name !== 'cats') await alice.until(id, name === 'fish' ? 'FAILED' : 'FINISHED');
  }
  const list = async (args: string): Promise<string[]> => (await alice.ask(`{ trainings(${args}) { nodes { name } } }`)).data.trainings.nodes.map(({ name }: { name: string }) => name);
  expect(await list('first: 10')).toEqual(names.toReversed());
  expect(await list('orderBy: NAME, direction: ASCENDING')).toEqual(['birds 100%', 'cats', 'dogs', 'fish']);
  expect(await list('orderBy: CREATED_AT, direction: ASCENDING, offset: 1, first: 2')).toEqual(['dogs', 'birds 100%']);
  expect(await list('filter: { states: [FINISHED, FAILED] }, orderBy: NAME')).toEqual(['fish', 'dogs', 'birds 100%']);
  expect(await list('filter: { search: "DOGS" }')).toEqual(['fish', 'dogs']);
  expect(await list('filter: { search: "0%" }')).toEqual(['birds 100%']);
  for (const order of ['CREATED_AT', 'NAME', 'STATE']) {
    const paged: string[] = [];
    for (let after: string | null = null; ; ) {
      const { data, errors } = await alice.ask(`query ($after: String) { trainings(first: 1, after: $after, orderBy: ${order}) { nodes { name } pageInfo { hasNextPage endCursor } } }`, { after });
      expect(errors).toEqual([]);
      paged.push(data.trainings.nodes[0].name);
      after = data.trainings.pageInfo.endCursor;
      if (!data.trainings.pageInfo.hasNextPage) break;
    }
    expect(paged).toEqual(await list(`orderBy: ${order}`));
  }
  expect((await alice.ask('{ trainings(after: "bm9uZQ") { totalCount } }')).errors[0]!.extensions.code).toBe('BAD_INPUT');
});

describe('bad input is told with its field, and nothing is stored', () => {
  const LONG = 'x'.repeat(10_001);
  test.each([
    [{ name: '' }, 'BAD_INPUT input.name'],
    [{ name: 'x'.repeat(10_000) }, 'BAD_INPUT input.name'],
    [{ engine: 'cobol' }, 'BAD_INPUT input.engine'],
    [{ description: LONG }, 'BAD_INPUT input.description'],
    [{ deviceNum: 0 }, 'BAD_INPUT input.deviceNum'],
    [{ deviceType: 'A100; reboot' }, 'BAD_INPUT input.deviceType'],
    [{ deviceNum: 1_000 }, 'ENGINE_REFUSED'],
    [{ deviceType: 'gpu', deviceNum: 9 }, 'ENGINE_REFUSED'],
    [{ memoryBytes: 1 }, 'BAD_INPUT input.memoryBytes'],
    [{ timeLimitSeconds: 0 }, 'BAD_INPUT input.timeLimitSeconds'],
    [{ params: [1] }, 'BAD_INPUT input.params'],
    [{ params: { 'a b': 1 } }, 'BAD_INPUT input.params'],
    [{ params: { '--x': 1 } }, 'BAD_INPUT input.params'],
    [{ params: { data_path: '/etc' } }, 'BAD_INPUT input.params.data_path'],
    [{ params: { a: { b: 1 } } }, 'BAD_INPUT input.params.a'],
    [{ params: { a: LONG } }, 'BAD_INPUT input.params.a'],
    [{ params: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`p${n}`, n])) }, 'BAD_INPUT input.params'],
    [{ jobTrainingType: 'Swarm' }, 'TRAINING_TYPE_INVALID input.jobTrainingType'],
    [{ jobTrainingType: 'PSDistJob', numPs: 1 }, 'TRAINING_TYPE_INVALID input.numPsWorker'],
    [{ jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 1_000 }, 'TRAINING_TYPE_INVALID input.numPsWorker'],
    [{ code: null }, 'CODE_PATH_INVALID input.codePath'],
    [{ codePath: 'code/x' }, 'CODE_PATH_INVALID input.codePath'],
    [{ code: { name: 'train.exe', text: '' } }, 'CODE_PATH_INVALID input.code.name'],
    [{ startupFile: 'other.sh' }, 'CODE_PATH_INVALID input.startupFile'],
    [{ datasetPath: 'dataset/00000000-0000-0000-0000-000000000000' }, 'PATH_MISSING'],
    [{ code: null, codePath: 'code/00000000-0000-0000-0000-000000000000', startupFile: 'train.py' }, 'PATH_MISSING'],
  ])('%j', async (input, expected) => {
    const alice = house.actor();
    expect((await alice.refused(input)).slice(0, expected.length)).toBe(expected);
    expect((await alice.ask('{ trainings { totalCount } }')).data.trainings.totalCount).toBe(0);
  });

  const TRICKS = ['/etc/passwd.py', '../x.py', 'a/../../x.py', './x.py', 'a//b.py', 'a\\b.py', 'C:/x.py', 'x\0.py', '-c.py', 'x\n.py', '..', `${'x'.repeat(10_000)}.py`, 'train.py/', '$(reboot)', 'missing.py'];
  test.each(TRICKS)('a start file %j', async (startupFile) => {
    const alice = house.actor();
    const codePath = await alice.uploaded('CODE', 'train.py', 'print(1)');
    expect(await alice.refused({ engine: 'python', code: null, codePath, startupFile })).toMatch(/^(CODE_PATH_INVALID|BAD_INPUT) /);
  });

  test.each(TRICKS.slice(0, 3))('paths of code, data and output %j', async (trick) => {
    const alice = house.actor();
    expect(await alice.refused({ code: null, codePath: `code/${trick}`, startupFile: 'x.py' })).toMatch(/^PATH_(INVALID|MISSING) /);
    expect(await alice.refused({ datasetPath: trick })).toMatch(/^PATH_INVALID /);
    expect(await alice.refused({ outputPath: trick })).toMatch(/^PATH_INVALID /);
  });
});

test('only administrators run jobs on an engine that does not keep users apart, unless a setting says otherwise', async () => {
  for (const [runsUnisolated, expected] of [[false, 'ENGINE_NOT_ISOLATED'], [true, undefined]] as const) {
    const other = await trainingHouse({ settings: { runsUnisolated } });
    try {
      other.engine.readiness = { ...other.engine.readiness, isolated: false };
      expect((await other.actor().create()).errors[0]?.extensions.code).toBe(expected);
      expect((await other.actor({ roles: ['ADMIN'] }).create()).errors).toEqual([]);
    } finally {
      await other.close();
    }
  }
});

test('without an engine that is said, and all else is answered', async () => {
  const other = await trainingHouse({ driver: async () => undefined });
  try {
    const alice = other.actor();
    expect(await alice.refused({})).toMatch(/^ENGINE_NOT_CONFIGURED .*set ENGINE_DRIVER/);
    expect((await alice.ask(`{ engine { driver ready message } trainings { totalCount nodes { ${TRAINING} } } }`)).data).toEqual({ engine: { driver: 'none', ready: false, message: 'set ENGINE_DRIVER' }, trainings: { totalCount: 0, nodes: [] } });
    await other.subgraph.services.jobReconciler.sweep();
  } finally {
    await other.close();
  }
});

test('an administrator approves trainings of others where a setting asks for it', { tags: ['ai-arts/jobs/running'] }, async () => {
  const other = await trainingHouse({ settings: { jobsNeedApproval: true } });
  try {
    const [alice, root] = [other.actor(), other.actor({ roles: ['ADMIN'] })];
    const [id, refused] = [await alice.created(), await alice.created()];
    expect((await alice.look(id)).state).toBe('UNAPPROVED');
    expect((await alice.ask('mutation ($id: ID!) { approveJob(id: $id) { id } }', { id })).errors[0]!.extensions.code).toBe('FORBIDDEN');
    expect((await root.ask('mutation ($id: ID!) { approveJob(id: $id) { state } }', { id })).data).toEqual({ approveJob: { state: 'QUEUED' } });
    await alice.until(id, 'RUNNING');
    expect((await alice.change('stop', refused)).data.stopTraining.state).toBe('KILLED');
  } finally {
    await other.close();
  }
});

test('a user may have so many trainings at a time', async () => {
  const other = await trainingHouse({ settings: { trainingsPerUser: 2 } });
  try {
    const alice = other.actor();
    const answers = await Promise.all(Array.from({ length: 5 }, () => alice.create()));
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(2);
    expect(answers.find(({ errors }) => errors.length > 0)!.errors[0]).toMatchObject({ extensions: { code: 'JOB_QUOTA_EXCEEDED' }, message: expect.stringContaining('TRAININGS_PER_USER') });
    // Of those that were refused no code is kept.
    expect(await sql(other.em(), "select from ai_arts.file_set where state = 'READY'")).toHaveLength(2);
  } finally {
    await other.close();
  }
});
