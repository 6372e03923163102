import fc from 'fast-check';
import { DARK } from '../testkit/inference.js';
import { which } from './ai-arts.files.inputs.js';
import { CODE, DATA, MODEL, description, imageId, jobsQuestion, logQuestion, newNotebook, newService, newTraining, noPicture, picture, servicesQuestion, wrongDescription, wrongLogQuestion } from './ai-arts.jobs.inputs.js';
import type { jobsTwins, LogQuestion, NewJob } from './ai-arts.jobs.twins.js';
import type { ListQuestion } from './ai-arts.reading.js';
import { pathIn, type UserWorld } from './ai-arts.world.js';
import type { Outcome, Way } from './twin.js';

export type Kind = 'codes' | 'trainings' | 'inferences';

/** Something that a user does about jobs; what it names by a number is the one of the user's world. */
export type Command =
  | { row: 'POST /codes' | 'POST /trainings' | 'POST /inferences'; body: NewJob }
  | { row: 'GET /codes' | 'GET /trainings' | 'GET /inferences' | 'GET /ListInferenceJob' | 'GET /inferences/ListInferenceJob'; question: ListQuestion }
  | { row: `${'GET' | 'DELETE'} /${Kind}/:id` | 'POST /trainings/:id/stop'; kind: Kind; which: number | string }
  | { row: 'GET /codes/:id/endpoint' | 'GET /codes/:id/jupyter'; which: number | string; browser: boolean }
  | { row: 'POST /codes/:id/description'; which: number | string; description: unknown }
  | { row: 'GET /trainings/:id/log'; which: number | string; question: Omit<LogQuestion, 'id'> }
  | { row: 'POST /inferences/:id/upload_image'; which: number | string; picture: Uint8Array<ArrayBuffer> }
  | { row: 'POST /inferences/:id/recognition'; which: number | string; picture?: Uint8Array<ArrayBuffer>; imageId?: number | string | undefined };

const made = (row: 'POST /codes' | 'POST /trainings' | 'POST /inferences', body: fc.Arbitrary<NewJob>) => body.map((told): Command => ({ row, body: told }));

/** The first one stays, for what has to be about one that is there. */
const aboutOne = (kind: Kind) => fc.tuple(fc.constantFrom(`GET /${kind}/:id` as const, `DELETE /${kind}/:id` as const), which.map((one) => one || 1)).map(([row, one]): Command => ({ row, kind, which: one }));

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: made('POST /codes', newNotebook) },
  { weight: 6, arbitrary: made('POST /trainings', newTraining) },
  { weight: 4, arbitrary: made('POST /inferences', newService) },
  { weight: 1, arbitrary: aboutOne('codes') },
  { weight: 1, arbitrary: aboutOne('trainings') },
  { weight: 1, arbitrary: aboutOne('inferences') },
  { weight: 2, arbitrary: which.map((one): Command => ({ row: 'POST /trainings/:id/stop', kind: 'trainings', which: one })) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('GET /codes' as const, 'GET /trainings' as const), jobsQuestion).map(([row, question]): Command => ({ row, question })) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('GET /inferences' as const, 'GET /ListInferenceJob' as const, 'GET /inferences/ListInferenceJob' as const), servicesQuestion).map(([row, question]): Command => ({ row, question })) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('GET /codes/:id/endpoint' as const, 'GET /codes/:id/jupyter' as const), which, fc.boolean()).map(([row, one, browser]): Command => ({ row, which: one, browser })) },
  // What is wrong is asked of the first one: nothing says which of two faults is told.
  { weight: 1, arbitrary: wrongDescription.map((text): Command => ({ row: 'POST /codes/:id/description', which: 0, description: text })) },
  { weight: 1, arbitrary: wrongLogQuestion.map((question): Command => ({ row: 'GET /trainings/:id/log', which: 0, question })) },
  { weight: 1, arbitrary: noPicture.map((bytes): Command => ({ row: 'POST /inferences/:id/upload_image', which: 0, picture: bytes })) },
  { weight: 2, arbitrary: fc.tuple(which, description).map(([one, text]): Command => ({ row: 'POST /codes/:id/description', which: one, description: text })) },
  { weight: 1, arbitrary: fc.tuple(which, logQuestion).map(([one, question]): Command => ({ row: 'GET /trainings/:id/log', which: one, question })) },
  { weight: 2, arbitrary: fc.tuple(which, picture).map(([one, bytes]): Command => ({ row: 'POST /inferences/:id/upload_image', which: one, picture: bytes })) },
  { weight: 1, arbitrary: fc.tuple(which, picture).map(([one, bytes]): Command => ({ row: 'POST /inferences/:id/recognition', which: one, picture: bytes })) },
  { weight: 1, arbitrary: fc.tuple(which, imageId).map(([one, image]): Command => ({ row: 'POST /inferences/:id/recognition', which: one, imageId: image })) },
);

const NEW_TRAINING: NewJob = { name: 'digits', engine: 'bash', codePath: CODE, startupFile: 'train.sh', datasetPath: DATA, params: { lr: 0.1, layers: 'a b' }, desc: 'first', deviceNum: 0 };

/** What every world begins with, so that each row has something to be about. */
export const BEGINNING: readonly Command[] = [
  { row: 'POST /codes', body: { name: 'digits', engine: 'python', codePath: CODE, desc: 'first' } },
  { row: 'POST /trainings', body: NEW_TRAINING },
  { row: 'POST /trainings', body: { ...NEW_TRAINING, name: '手写数字', jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 2 } },
  { row: 'POST /inferences', body: { jobName: 'digits', modelId: { nth: 0 }, framework: 'onnx', device: 'cpu' } },
  { row: 'POST /inferences', body: { jobName: 'by its path', model_base_path: MODEL } },
  { row: 'POST /codes/:id/description', which: 0, description: 'another' },
  { row: 'POST /inferences/:id/upload_image', which: 0, picture: DARK },
  { row: 'POST /trainings/:id/stop', kind: 'trainings', which: 1 },
  { row: 'POST /codes', body: { name: 'goes', engine: 'bash' } },
  { row: 'DELETE /codes/:id', kind: 'codes', which: 1 },
  { row: 'POST /trainings', body: { ...NEW_TRAINING, name: 'goes' } },
  { row: 'DELETE /trainings/:id', kind: 'trainings', which: 2 },
  { row: 'DELETE /inferences/:id', kind: 'inferences', which: 1 },
  { row: 'GET /ListInferenceJob', question: {} },
  { row: 'GET /inferences/ListInferenceJob', question: {} },
  { row: 'GET /codes/:id/endpoint', which: 0, browser: false },
  { row: 'GET /codes/:id/jupyter', which: 0, browser: true },
];

/** An id that nothing has. */
const NO_SUCH = '888888';

/** One command in a world, one way; what it makes is remembered there. @param ofOthers somebody else's jobs, which `private` stands for */
export async function does(twins: typeof jobsTwins, world: UserWorld, way: Way, done: Command, ofOthers: Readonly<Record<Kind, string>>): Promise<Outcome> {
  const { actor, ids } = world;
  const kept = async (outcome: Promise<Outcome>, kind: Kind | 'images', idOf: (data: never) => string) => {
    const answer = await outcome;
    if ('data' in answer) ids[kind].push(idOf(answer.data as never));
    return answer;
  };
  const idOf = (kind: Kind, one: number | string) => (typeof one === 'number' ? ids[kind][one] ?? NO_SUCH : one === 'private' ? ofOthers[kind] : one);
  const files = (body: NewJob): NewJob => Object.fromEntries(Object.entries(body).map(([key, value]) => [key, key.endsWith('Path') || key === 'model_base_path' ? pathIn(world, value) : key === 'modelId' ? modelIn(world, value) : value]));
  switch (done.row) {
    case 'POST /codes':
      return kept(twins[done.row][way](actor, files(done.body)), 'codes', (id) => id);
    case 'POST /trainings':
      return kept(twins[done.row][way](actor, files(done.body)), 'trainings', (id) => id);
    case 'POST /inferences':
      return kept(twins[done.row][way](actor, files(done.body)), 'inferences', ({ jobId }: { jobId: string }) => jobId);
    case 'GET /codes':
    case 'GET /trainings':
    case 'GET /inferences':
    case 'GET /ListInferenceJob':
    case 'GET /inferences/ListInferenceJob':
      return twins[done.row][way](actor, done.question);
    case 'GET /codes/:id/endpoint':
    case 'GET /codes/:id/jupyter':
      return twins[done.row][way](actor, { id: idOf('codes', done.which), browser: done.browser });
    case 'POST /codes/:id/description':
      return twins[done.row][way](actor, { id: idOf('codes', done.which), description: done.description });
    case 'GET /trainings/:id/log':
      return twins[done.row][way](actor, { id: idOf('trainings', done.which), ...done.question });
    case 'POST /inferences/:id/upload_image':
      return kept(twins[done.row][way](actor, { id: idOf('inferences', done.which), image: pictureFile(done.picture) }), 'images', ({ imageId: id }: { imageId: string }) => id);
    case 'POST /inferences/:id/recognition': {
      const image = typeof done.imageId === 'number' ? (ids.images[done.imageId] ?? NO_SUCH) : done.imageId;
      return twins[done.row][way](actor, { id: idOf('inferences', done.which), ...(done.picture ? { image: pictureFile(done.picture) } : { imageId: image }) });
    }
    default:
      return twins[done.row][way](actor, idOf(done.kind, done.which));
  }
}

export const pictureFile = (bytes: Uint8Array<ArrayBuffer>): File => new File([bytes], 'picture.png');

/** The id of the nth model, or what stands in its place. */
function modelIn({ ids }: UserWorld, given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('nth' in given)) return given;
  return ids.models[given.nth as number] ?? NO_SUCH;
}
