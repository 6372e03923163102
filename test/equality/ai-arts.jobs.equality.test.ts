import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin, stranger, type Actor } from '../testkit/actor.js';
import { tarGzOf } from '../testkit/archive.js';
import { isMissing, jupyter } from '../testkit/engines.js';
import { BRIGHT, brightnessModel, DARK } from '../testkit/inference.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { LOCAL_ENGINE } from '../testkit/training.js';
import { filesTwins } from './ai-arts.files.twins.js';
import { BEGINNING, command, does, pictureFile, type Command, type Kind } from './ai-arts.jobs.commands.js';
import { CODE, CODE_FILES, DATA, noPicture, picture } from './ai-arts.jobs.inputs.js';
import { jobsTwins } from './ai-arts.jobs.twins.js';
import { unmarked, unpacked, userWorld, type UserWorld } from './ai-arts.world.js';
import { hold } from './runs.js';
import { Tally, type Outcome, type Way } from './twin.js';

// AIArts, notebooks, trainings and inferences, by routes and by the graph. Jobs wait for an approval, so that any number of them costs nothing; some get it, and run.

let platform: Platform;
let root: Actor;
const ofOthers: Record<Kind, string> = { codes: '', trainings: '', inferences: '' };
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, JOB_APPROVAL: 'true', JOB_MEMORY_MIB: '512' } });
  root = await admin(platform);
  const somebody = await jobWorld();
  for (const done of BEGINNING.slice(0, 4)) await does(jobsTwins, somebody, 'rest', done, ofOthers);
  for (const kind of KINDS) ofOthers[kind] = somebody.ids[kind][0]!;
}, 120_000);
afterAll(() => platform?.dispose());

const tally = new Tally();
const twins = tally.counted(jobsTwins);
const USUAL_RUNS = 4;
const MOST_COMMANDS = 16;

/** A user with code, data and a model to be used. */
async function jobWorld(): Promise<UserWorld> {
  const world = await userWorld(root);
  const took = (outcome: Outcome) => ('data' in outcome ? (outcome.data as { path: string; id: number }) : expect.fail(JSON.stringify(outcome)));
  const upload = async (row: 'POST /codes/upload' | 'POST /datasets/upload' | 'POST /models/upload', name: string, bytes: Uint8Array<ArrayBuffer>) => {
    const { path } = took(await filesTwins[row].rest(world.actor, { file: new File([bytes], name), resumable: false }));
    world.paths.push(path);
    return path;
  };
  await upload('POST /codes/upload', 'code.tar.gz', await tarGzOf(CODE_FILES));
  await upload('POST /datasets/upload', 'data.tar.gz', await tarGzOf({ 'a.txt': 'a', 'b/c.txt': 'c' }));
  const path = await upload('POST /models/upload', 'net.tar.gz', await brightnessModel());
  for (const [name, from] of [['net', path], ['no network', world.paths[0]]]) world.ids.models.push(String(took(await filesTwins['POST /models'].rest(world.actor, { name, path: from })).id));
  return world;
}

/** Both ways in one world; they must be the same. Answered as an equal world has it. */
async function both<Row extends keyof typeof twins>(world: UserWorld, row: Row, input: Parameters<(typeof twins)[Row]['rest']>[1]): Promise<unknown> {
  const twin = twins[row] as { [way in Way]: (actor: Actor, asked: typeof input) => Promise<Outcome> };
  const [shown, asked] = await Promise.all([twin.rest(world.actor, input), twin.graph(world.actor, input)]);
  expect(asked, `${row} ${JSON.stringify(input)}`).toEqual(shown);
  return unmarked(world, shown);
}

const WAYS: readonly [Way, Way] = ['rest', 'graph'];
const KINDS: readonly Kind[] = ['codes', 'trainings', 'inferences'];

/** Every job of a world. */
async function everythingIn(world: UserWorld, kinds = KINDS): Promise<unknown[]> {
  const all = { pageSize: 1_000, orderBy: 'createTime', order: 'asc' };
  const told = [];
  for (const kind of kinds) {
    told.push(await both(world, `GET /${kind}`, all));
    const last = world.ids[kind].at(-1);
    if (last !== undefined) told.push(await both(world, `GET /${kind}/:id`, last));
  }
  return told;
}

test('the same commands, by routes in one world and by the graph in another, are answered alike and leave alike what they leave', async ({ task }) => {
  const property = fc.asyncProperty(fc.array(fc.tuple(command, fc.boolean()), { minLength: 6, maxLength: MOST_COMMANDS, size: 'max' }), async (commands) => {
    const worlds = await Promise.all([jobWorld(), jobWorld()]);
    for (const [done, swapped] of [...BEGINNING.map((first, at): [Command, boolean] => [first, at % 2 === 0]), ...commands]) {
      const ways: [Way, Way] = swapped ? ['graph', 'rest'] : ['rest', 'graph'];
      const told = `by ${ways[0]} and by ${ways[1]}: ${JSON.stringify(done)}`;
      const outcomes = [];
      for (const [at, world] of worlds.entries()) outcomes.push(unmarked(world, await does(twins, world, ways[at]!, done, ofOthers)));
      expect(outcomes[0], told).toEqual(outcomes[1]);
      if (done.row.startsWith('GET ')) continue;
      const touched = KINDS.filter((kind) => done.row.includes(`/${kind}`));
      const [one, other] = await Promise.all(worlds.map((world) => everythingIn(world, touched)));
      expect(one, `after ${told}`).toEqual(other);
    }
    const [one, other] = await Promise.all(worlds.map((world) => everythingIn(world)));
    expect(one, JSON.stringify(commands)).toEqual(other);
  });
  await hold(task, 'jobs of AIArts', property, USUAL_RUNS);
}, 600_000);

test('a training without its code or the file to be started is refused either way', async () => {
  const { actor, paths } = await jobWorld();
  const whole = { name: 'x', engine: 'bash', codePath: paths[0], startupFile: 'train.sh' };
  for (const lacking of ['codePath', 'startupFile']) {
    // By the page's table it is a bad parameter; by the graph, which also takes code itself, code that is not there.
    const outcomes = await Promise.all(WAYS.map((way) => twins['POST /trainings'][way](actor, { ...whole, [lacking]: undefined })));
    expect(outcomes).toEqual([{ refused: 20001 }, { refused: 30201 }]);
  }
});

test('a model that is served and a dataset that is read are kept from deletion either way, until their jobs are gone', async () => {
  const world = await jobWorld();
  const { actor, ids, paths } = world;
  const dataset = await filesTwins['POST /datasets'].graph(actor, { name: 'x', description: 'x', path: paths[DATA] });
  const datasetId = String((dataset as { data: { id: number } }).data.id);
  const service = await made(world, { row: 'POST /inferences', body: { jobName: 'x', modelId: { nth: 0 } } });
  const training = await made(world, { row: 'POST /trainings', body: { name: 'x', engine: 'bash', codePath: CODE, startupFile: 'train.sh', datasetPath: DATA } });
  for (const way of WAYS) {
    expect(await filesTwins['DELETE /models/:id'][way](actor, ids.models[0]!)).toEqual({ refused: 30000 });
    expect(await filesTwins['DELETE /datasets/:id'][way](actor, datasetId)).toEqual({ refused: 30010 });
  }
  expect([await twins['DELETE /inferences/:id'].graph(actor, service), await twins['DELETE /trainings/:id'].rest(actor, training)]).toEqual([{ data: {} }, { data: {} }]);
  // They are let go as soon as the jobs have been removed.
  await until('the model to be free', async () => 'data' in (await filesTwins['DELETE /models/:id'].rest(actor, ids.models[0]!)));
  await until('the dataset to be free', async () => 'data' in (await filesTwins['DELETE /datasets/:id'].graph(actor, datasetId)));
});

/** Lets a job run, and waits until its route tells that it is so. */
async function approved({ actor }: UserWorld, kind: Kind, id: string, status: string): Promise<void> {
  await root.ask('mutation ($id: ID!) { approveJob(id: $id) { id } }', { id });
  await until(`${kind} ${id} to be ${status}`, async () => (await statusOf(actor, kind, id)) === status);
}

async function statusOf(actor: Actor, kind: Kind, id: string): Promise<string | undefined> {
  const { status, jobStatus } = ((await jobsTwins[`GET /${kind}/:id`].rest(actor, id)) as { data: { status?: string; jobStatus?: string } }).data;
  return status ?? jobStatus;
}

test('trainings that run are told, logged, stopped and deleted alike, and so is what they have put out', async () => {
  const worlds = await Promise.all([jobWorld(), jobWorld()]);
  /** The same in both worlds, each its own way; answered alike. */
  const each = async (told: string, act: (world: UserWorld, way: Way) => Promise<unknown>, ways: readonly [Way, Way] = WAYS): Promise<unknown> => {
    const [one, other] = await Promise.all(worlds.map(async (world, at) => unmarked(world, await act(world, ways[at]!))));
    expect(one, told).toEqual(other);
    return one;
  };
  const swapped: [Way, Way] = ['graph', 'rest'];
  const programs = [['lines.sh', 'finished'], ['fails.sh', 'failed'], ['endless.sh', 'running']] as const;
  for (const [startupFile] of programs) {
    const body = { name: startupFile, engine: 'bash', codePath: CODE, startupFile, desc: 'runs' };
    await each(startupFile, (world, way) => does(twins, world, way, { row: 'POST /trainings', body }, ofOthers));
  }
  for (const [at, [, status]] of programs.entries()) await Promise.all(worlds.map((world) => approved(world, 'trainings', world.ids.trainings[at]!, status)));
  for (const at of programs.keys()) await each(programs[at]![0], (world) => both(world, 'GET /trainings/:id', world.ids.trainings[at]!));
  for (const status of ['finished', 'failed', 'running']) expect(await each(status, (world) => both(world, 'GET /trainings', { status }))).toMatchObject({ data: { total: 1 } });

  // Its log, by pages and behind each of them.
  const log = (question: object) => each(JSON.stringify(question), (world) => both(world, 'GET /trainings/:id/log', { id: world.ids.trainings[0]!, ...question })) as Promise<{ data: { log: string; cursor: string; maxPage: number } }>;
  const { data: first } = await log({});
  expect([first.maxPage, first.log.split('\n', 1)]).toEqual([3, ['第 1 行']]);
  let text = '';
  for (const pageNum of [1, 2, 3]) {
    const { data } = await log({ pageNum });
    text += data.log;
    const { data: behind } = await log({ cursor: data.cursor });
    if (pageNum < 3) expect(behind.log).toBe((await log({ pageNum: pageNum + 1 })).data.log);
  }
  expect([text.split('\n').length, text.endsWith('the end')]).toEqual([4_501, true]);
  expect((await log({ pageNum: 9 })).data.log).toBe((await log({ pageNum: 3 })).data.log);

  // Its output, as a model, and its bytes.
  const models = (at: number) => each(`a model of ${programs[at]![0]}`, async (world, way) => {
    const outcome = await filesTwins['POST /models'][way](world.actor, { name: 'learned', jobId: world.ids.trainings[at]! });
    if ('data' in outcome) world.ids.models.push(String((outcome.data as { id: number }).id));
    return outcome;
  });
  expect([await models(0), await models(1), await models(2)]).toEqual([{ data: expect.anything() }, { refused: expect.any(Number) }, { refused: expect.any(Number) }]);
  for (const way of WAYS) {
    await each('the model', (world) => filesTwins['GET /models/:id'][way](world.actor, world.ids.models.at(-1)!));
    const output = await each('the output', async (world) => {
      const outcome = await filesTwins['GET /models/:id/download'][way](world.actor, world.ids.models.at(-1)!);
      return 'data' in outcome ? unpacked(outcome.data) : outcome;
    });
    expect(JSON.stringify(output)).toContain(Buffer.from('seven\n').toString('base64'));
  }

  for (const ways of [WAYS, swapped]) {
    expect(await each('stopped', (world, way) => twins['POST /trainings/:id/stop'][way](world.actor, world.ids.trainings[2]!), ways)).toEqual({ data: {} });
    await Promise.all(worlds.map((world) => until('its end', async () => (await statusOf(world.actor, 'trainings', world.ids.trainings[2]!)) === 'killed')));
    expect(await each('killed', (world) => both(world, 'GET /trainings/:id', world.ids.trainings[2]!))).toMatchObject({ data: { status: 'killed' } });
  }
  for (const at of programs.keys()) {
    expect(await each('deleted', (world, way) => twins['DELETE /trainings/:id'][way](world.actor, world.ids.trainings[at]!))).toEqual({ data: {} });
    expect(await each('gone', (world) => both(world, 'GET /trainings/:id', world.ids.trainings[at]!))).toEqual({ refused: 10001 });
  }
  expect(await each('none', (world) => both(world, 'GET /trainings', {}))).toEqual({ data: { Trainings: [], total: 0, totalPage: 0 } });
}, 180_000);

test('a service says the same of a picture, whichever way it comes and whichever way it is asked about', async ({ task }) => {
  const world = await jobWorld();
  const id = await made(world, { row: 'POST /inferences', body: { jobName: 'brightness', modelId: { nth: 0 } } });
  await approved(world, 'inferences', id, 'running');
  const [keep, recognise] = [twins['POST /inferences/:id/upload_image'], twins['POST /inferences/:id/recognition']];
  let answered = 0;
  const alike = async (act: (way: Way) => Promise<Outcome>): Promise<Outcome> => {
    const [one, other] = [await act('rest'), await act('graph')];
    expect(other).toEqual(one);
    if ('data' in one) answered += WAYS.length;
    return one;
  };
  const property = fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: picture }, noPicture), fc.boolean(), async (bytes, swap) => {
    const image = pictureFile(bytes);
    const atOnce = await alike((way) => recognise[way](world.actor, { id, image }));
    const outcome = await keep[swap ? 'rest' : 'graph'](world.actor, { id, image });
    if ('refused' in outcome) {
      expect(outcome).toEqual(atOnce);
      return;
    }
    // The one that was kept, by its id or as the last one.
    for (const imageId of [(outcome.data as { imageId: string }).imageId, undefined]) expect(await alike((way) => recognise[way](world.actor, { id, imageId }))).toEqual(atOnce);
  });
  await hold(task, 'recognition', property, 12);
  for (const bytes of [DARK, BRIGHT]) expect(await alike((way) => recognise[way](world.actor, { id, image: pictureFile(bytes) }))).toMatchObject({ data: { type: 'classify', data: [[bytes === DARK ? 'dark' : 'bright', expect.any(Number)], expect.anything()] } });
  // How often it was asked, and what it needed for that, which is written down now and then.
  await until('the count of all answers', async () => {
    const { jobParams } = ((await jobsTwins['GET /inferences/:id'].rest(world.actor, id)) as { data: { jobParams: { requests: number; failed: number } } }).data;
    return jobParams.requests - jobParams.failed === answered;
  });
  await both(world, 'GET /inferences/:id', id);
  expect(await both(world, 'GET /inferences', { status: 'running', name: 'BRIGHT' })).toMatchObject({ data: { total: 1 } });
  expect(await twins['DELETE /inferences/:id'].rest(world.actor, id)).toEqual({ data: {} });
  expect(await alike((way) => recognise[way](world.actor, { id, image: pictureFile(DARK) }))).toEqual({ refused: 10001 });
}, 180_000);

test.skipIf(isMissing(jupyter))('a notebook that runs is found at the same address either way, and each link opens it', async () => {
  const world = await jobWorld();
  const id = await made(world, { row: 'POST /codes', body: { name: 'notes', engine: 'python', codePath: CODE } });
  await approved(world, 'codes', id, 'running');
  const opened: string[] = [];
  /** A link is good once, and each is another one. */
  const address = (url: string): string => {
    opened.push(url);
    return url.split('?')[0]!;
  };
  const compared = async (row: 'GET /codes/:id' | 'GET /codes/:id/endpoint' | 'GET /codes/:id/jupyter', input: unknown, links: readonly string[]) => {
    const twin = twins[row] as { [way in Way]: (actor: Actor, asked: unknown) => Promise<Outcome> };
    const [shown, asked] = await Promise.all(WAYS.map(async (way) => Object.entries(((await twin[way](world.actor, input)) as { data: Record<string, unknown> }).data).map(([key, value]) => [key, links.includes(key) ? address(String(value)) : value])));
    expect(asked?.toSorted(), row).toEqual(shown?.toSorted());
  };
  await compared('GET /codes/:id', id, ['JupyterUrl']);
  for (const row of ['GET /codes/:id/endpoint', 'GET /codes/:id/jupyter'] as const) for (const browser of [true, false]) await compared(row, { id, browser }, ['to', 'accessPoint']);
  expect(opened).toHaveLength(10);
  for (const url of opened) expect((await fetch(url, { redirect: 'manual' })).status, url).toBe(303);
  expect(await twins['DELETE /codes/:id'].graph(world.actor, id)).toEqual({ data: {} });
}, 180_000);

/** The id of what a command makes by its route. */
async function made(world: UserWorld, done: Command & { row: `POST /${Kind}` }): Promise<string> {
  const outcome = await does(twins, world, 'rest', done, ofOthers);
  expect(outcome).toEqual({ data: expect.anything() });
  return world.ids[done.row.slice('POST /'.length) as Kind].at(-1)!;
}

test('somebody without a credential gets nothing either way', async () => {
  const nobody = stranger(platform);
  for (const row of ['GET /codes', 'GET /trainings', 'GET /inferences'] as const) for (const way of WAYS) expect(await twins[row][way](nobody, {})).toEqual({ refused: 20002 });
});

test('every row was asked and answered both ways', ({ task }) => tally.expectEach(twins, task));
