import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin, stranger, type Actor } from '../testkit/actor.js';
import { tarGzOf } from '../testkit/archive.js';
import { brightnessOnnx } from '../testkit/inference.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { datasetsQuestion, dir, file, isPrivate, modelFile, modelsQuestion, newDataset, newModel, plainFile, which, type FileToBe } from './ai-arts.files.inputs.js';
import { filesTwins, type UploadForm } from './ai-arts.files.twins.js';
import type { ListQuestion } from './ai-arts.reading.js';
import { MARK, marked, pathIn, unmarked, unpacked, userWorld, type UserWorld } from './ai-arts.world.js';
import { hold } from './runs.js';
import { Tally, type Outcome, type Way } from './twin.js';

// AIArts, files, datasets and models, by routes and by the graph: the same bytes, the same rows, the same refusals.

let platform: Platform;
let root: Actor;
/** Of root: what everybody sees, and what nobody else does. */
const ofOthers: Record<'datasets' | 'models', Record<'public' | 'private', string>> = { datasets: { public: '', private: '' }, models: { public: '', private: '' } };
beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
  for (const seen of ['public', 'private'] as const) {
    const more = { file: new File([await tarGzOf({ 'weights.bin': 'w' })], 'model.tgz'), name: seen, isPrivate: seen === 'private' };
    const { uploadDataset, uploadModel } = {
      ...(await root.ask('mutation ($input: UploadDatasetInput!) { uploadDataset(input: $input) { id } }', { input: more })),
      ...(await root.ask('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id } }', { input: more })),
    };
    Object.assign(ofOthers.datasets, { [seen]: uploadDataset.id });
    Object.assign(ofOthers.models, { [seen]: uploadModel.id });
  }
});
afterAll(() => platform?.dispose());

const tally = new Tally();
const twins = tally.counted(filesTwins);
const USUAL_RUNS = 6;
const MOST_COMMANDS = 14;

type Kind = 'datasets' | 'models';
type Command =
  | { row: 'POST /codes/upload' | 'POST /datasets/upload' | 'POST /models/upload'; file: FileToBe; dir: string | undefined; isPrivate: 'true' | 'false' | undefined; resumable: boolean }
  | { row: 'POST /datasets' | 'POST /datasets/register'; body: Parameters<(typeof twins)['POST /datasets']['rest']>[1] }
  | { row: 'POST /models'; body: Parameters<(typeof twins)['POST /models']['rest']>[1] }
  | { row: `${'GET' | 'DELETE'} /${Kind}/:id` | `GET /${Kind}/:id/download`; kind: Kind; which: number | string }
  | { row: `GET /${Kind}`; question: ListQuestion };

const uploaded = (row: 'POST /codes/upload' | 'POST /datasets/upload' | 'POST /models/upload', files: fc.Arbitrary<FileToBe>) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ file: files, dir, isPrivate, resumable: fc.constant(false) }) },
    ...(row === 'POST /models/upload' ? [] : [{ weight: 1, arbitrary: fc.record({ file: plainFile, dir: fc.constantFrom(undefined, 'a/b'), isPrivate, resumable: fc.constant(true) }) }]),
  ).map((form): Command => ({ row, ...form }));

const aboutOne = (kind: Kind) =>
  fc.tuple(fc.constantFrom(`GET /${kind}/:id` as const, `GET /${kind}/:id/download` as const, `DELETE /${kind}/:id` as const), which).map(([row, one]): Command => ({ row, kind, which: one }));

const command: fc.Arbitrary<Command> = fc.oneof(
  uploaded('POST /codes/upload', file),
  { weight: 2, arbitrary: uploaded('POST /datasets/upload', file) },
  { weight: 2, arbitrary: uploaded('POST /models/upload', modelFile) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('POST /datasets' as const, 'POST /datasets/register' as const), newDataset).map(([row, body]): Command => ({ row, body })) },
  { weight: 3, arbitrary: newModel.map((body): Command => ({ row: 'POST /models', body: body as never })) },
  { weight: 2, arbitrary: aboutOne('datasets') },
  { weight: 2, arbitrary: aboutOne('models') },
  { weight: 2, arbitrary: datasetsQuestion.map((question): Command => ({ row: 'GET /datasets', question })) },
  { weight: 2, arbitrary: modelsQuestion.map((question): Command => ({ row: 'GET /models', question })) },
);

/** What every world begins with, so that each row has something to be about. */
const BEGINNING: Command[] = [
  { row: 'POST /codes/upload', file: { name: 'x.py', bytes: Buffer.from('print(1)') }, dir: undefined, isPrivate: undefined, resumable: false },
  { row: 'POST /datasets/upload', file: { name: 'set.tgz', archive: { 'a.txt': 'a', 'b/c.txt': 'c' } }, dir: '数据 集', isPrivate: 'false', resumable: false },
  { row: 'POST /models/upload', file: { name: 'net.onnx', bytes: brightnessOnnx() }, dir: undefined, isPrivate: 'true', resumable: false },
  { row: 'POST /datasets', body: { name: `first ${MARK}`, description: 'd', path: 1, isPrivate: false } },
  { row: 'POST /datasets/register', body: { name: `second ${MARK}`, description: 'd', path: 1 } },
  { row: 'POST /models', body: { name: `first ${MARK}`, path: 2, params: { layers: 2 } } },
  { row: 'GET /datasets/:id/download', kind: 'datasets', which: 0 },
  { row: 'GET /models/:id/download', kind: 'models', which: 0 },
  { row: 'DELETE /datasets/:id', kind: 'datasets', which: 1 },
  { row: 'POST /models', body: { name: `second ${MARK}`, codePath: 2 } },
  { row: 'DELETE /models/:id', kind: 'models', which: 1 },
];

async function does(world: UserWorld, way: Way, done: Command): Promise<Outcome> {
  const { actor, ids, paths } = world;
  const remembered = async (outcome: Promise<Outcome>, keep: (data: { id: number; path: string }) => void) => {
    const answer = await outcome;
    if ('data' in answer) keep(answer.data as { id: number; path: string });
    return answer;
  };
  const idOf = (kind: Kind, one: number | string) => (typeof one === 'number' ? ids[kind][one] ?? '888888' : (ofOthers[kind][one as 'public'] ?? one));
  switch (done.row) {
    case 'POST /codes/upload':
    case 'POST /datasets/upload':
    case 'POST /models/upload':
      return remembered(twins[done.row][way](actor, await formOf(done)), ({ path: kept }) => void paths.push(kept));
    case 'POST /datasets':
    case 'POST /datasets/register':
      return remembered(twins[done.row][way](actor, marked(world, { ...done.body, path: pathIn(world, done.body.path) })), ({ id }) => void ids.datasets.push(String(id)));
    case 'POST /models': {
      const from = done.body.codePath === undefined ? { path: pathIn(world, done.body.path) } : { codePath: pathIn(world, done.body.codePath) };
      return remembered(twins[done.row][way](actor, marked(world, { ...done.body, ...from })), ({ id }) => void ids.models.push(String(id)));
    }
    case 'GET /datasets':
    case 'GET /models':
      return twins[done.row][way](actor, marked(world, done.question));
    default:
      return twins[done.row][way](actor, idOf(done.kind, done.which));
  }
}

async function formOf({ file: { name, bytes, archive }, dir: folder, isPrivate: hidden, resumable }: Extract<Command, { file: unknown }>): Promise<UploadForm> {
  const content = archive === undefined ? Buffer.from(bytes!) : await tarGzOf(archive);
  return { file: new File([content], name), dir: folder, isPrivate: hidden, resumable };
}

/** Both ways, everything of a world: lists, and each thing. They must be the same; answered as an equal world has it. */
async function everythingIn(world: UserWorld): Promise<unknown> {
  const told: unknown[] = [];
  const both = async <Row extends keyof typeof twins>(row: Row, input: Parameters<(typeof twins)[Row]['rest']>[1]) => {
    const twin = twins[row] as { [way in Way]: (actor: Actor, asked: typeof input) => Promise<Outcome> };
    const [shown, asked] = await Promise.all([twin.rest(world.actor, input), twin.graph(world.actor, input)]);
    expect(asked, `${row} ${JSON.stringify(input)}`).toEqual(shown);
    told.push(shown);
  };
  const all = { name: world.mark, pageSize: 1_000, orderBy: 'createdAt', order: 'asc' };
  await both('GET /datasets', all);
  await both('GET /models', all);
  for (const id of world.ids.datasets.slice(-2)) await both('GET /datasets/:id', id);
  for (const id of world.ids.models.slice(-2)) await both('GET /models/:id', id);
  return unmarked(world, told);
}

test('the same commands, by routes in one world and by the graph in another, are answered alike and leave alike what they leave', async ({ task }) => {
  const property = fc.asyncProperty(fc.array(fc.tuple(command, fc.boolean()), { minLength: 4, maxLength: MOST_COMMANDS, size: 'max' }), async (commands) => {
    const worlds = await Promise.all([userWorld(root), userWorld(root)]);
    for (const [done, swapped] of [...BEGINNING.map((first, at): [Command, boolean] => [first, at % 2 === 0]), ...commands]) {
      const ways: [Way, Way] = swapped ? ['graph', 'rest'] : ['rest', 'graph'];
      const told = `by ${ways[0]} and by ${ways[1]}: ${JSON.stringify(done)}`;
      if (done.row === 'GET /datasets' || done.row === 'GET /models') {
        // What others have made public is in it: the question is put both ways in the same world.
        expect(await does(worlds[0], 'rest', done), told).toEqual(await does(worlds[0], 'graph', done));
        continue;
      }
      const outcomes = [];
      for (const [at, world] of worlds.entries()) {
        const outcome = await does(world, ways[at]!, done);
        outcomes.push(unmarked(world, 'data' in outcome && done.row.endsWith('download') ? await unpacked(outcome.data) : outcome));
      }
      expect(outcomes[0], told).toEqual(outcomes[1]);
      const everything = [await everythingIn(worlds[0]), await everythingIn(worlds[1])];
      expect(everything[0], `after ${told}`).toEqual(everything[1]);
    }
    // Bytes of what one way made, by both ways.
    for (const world of worlds) {
      for (const kind of ['datasets', 'models'] as const) {
        for (const id of world.ids[kind]) expect(await twins[`GET /${kind}/:id/download`].graph(world.actor, id)).toEqual(await twins[`GET /${kind}/:id/download`].rest(world.actor, id));
      }
    }
  });
  await hold(task, 'files of AIArts', property, USUAL_RUNS);
}, 600_000);

test('somebody without a credential gets nothing either way', async () => {
  const nobody = stranger(platform);
  for (const row of ['GET /datasets', 'GET /models'] as const) for (const way of ['rest', 'graph'] as const) expect(await twins[row][way](nobody, {})).toEqual({ refused: 20002 });
});

test('every row was asked and answered both ways', ({ task }) => tally.expectEach(twins, task));
