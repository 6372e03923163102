import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';
import type { CallerName } from './callers.js';
import { KEPT, modelFile, picture, SHARED_FILE, SHOWN, type ThingName, type Things } from './things.js';

/** A body of a request: JSON, a form of texts, or one with a file. */
export type RouteBody = { json: Record<string, unknown> } | { form: Record<string, string> } | { multipart: Record<string, string | File> };

/** One way to ask a row of a contract. */
export interface RouteAsk {
  of?: string;
  /** Behind the path. */
  query?: string;
  /** What stands for `:id` in the path. */
  id?: ThingName;
  body?: (things: Things, count: number) => RouteBody | Promise<RouteBody>;
  /** What stands in the answer to those who may see what is asked for. */
  mark?: string;
  /** Those whose refusal comes when something was stored, as they may not be told of it. */
  stores?: readonly CallerName[];
  /** Things that it changes, so that each caller who may gets new ones. */
  uses?: readonly ThingName[];
}

const json = (body: (things: Things, count: number) => Record<string, unknown>, more: Omit<RouteAsk, 'body'> = {}): RouteAsk => ({ ...more, body: (things, count) => ({ json: body(things, count) }) });
const form = (body: (things: Things) => Record<string, string>, more: Omit<RouteAsk, 'body'> = {}): RouteAsk => ({ ...more, body: (things) => ({ form: body(things) }) });
const seen = (id: ThingName): RouteAsk => ({ id, mark: KEPT });
const consumed = (id: ThingName): RouteAsk => ({ id, uses: [id] });
const both = (kept: ThingName, shown: ThingName): RouteAsk[] => [{ of: 'private', id: kept, mark: KEPT }, { of: 'public', id: shown, mark: SHOWN }];
const lists: RouteAsk[] = [{ of: 'private ones', query: `?name=${KEPT}`, mark: KEPT }, { of: 'public ones', query: `?name=${SHOWN}`, mark: SHOWN }];
const upload = (file: () => File | Promise<File>): RouteAsk => ({ body: async () => ({ multipart: { data: await file() } }) });
const text = (): File => new File(['true'], 'start.sh');

const registering: RouteAsk[] = [
  json(({ data }, count) => ({ name: `r ${count}`, description: 'd', path: data }), { of: 'of private files' }),
  json((_, count) => ({ name: `r ${count}`, description: 'd', path: `shared/${SHARED_FILE}` }), { of: 'of shared files' }),
];

/** How each row of the contracts is asked, with the names of the member's and the provider's own things. */
export const routeAsks: Readonly<Record<string, readonly RouteAsk[]>> = {
  'POST /api/v1/computing_ids': [json(() => ({ computing_ids: [SAMPLE_IDENTIFIER] }), { of: 'of the provider' })],
  'POST /api/v1/computing_resources': [json(() => ({ computing_resources: [sampleReport()] }), { of: 'of the provider' })],
  'GET /api/v1/computing_resources': [{ query: '?page=1&page_size=20' }],
  // A token for scheduling alone has the task stored; its offers are compute-registry's, which it may not read.
  'POST /api/v1/query_computing_resources_by_task_template': [json(() => ({}), { stores: ['in scope'] })],
  'POST /api/v1/task_path': [json(({ task, resource }) => ({ task_id: Number(task), computing_resource_id: Number(resource), result: false }))],
  'GET /api/status': [{}],
  'POST /api/ticket': [json(() => ({ username: 'member', password: "member's own password 1" }))],
  'GET /api/info': [{ mark: KEPT }],
  'POST /cloud_api launch_instance': [form(() => ({ command: 'launch_instance', image: 'i', flavor: 'f', internet: 'false', name: 'n' }))],
  'POST /cloud_api destroy_instance': [form(({ virtualMachine }) => ({ command: 'destroy_instance', vm_id: virtualMachine }), { uses: ['virtualMachine'] })],
  'GET /ai_arts/api/codes': [{ mark: KEPT }],
  'POST /ai_arts/api/codes': [json(({ code }) => ({ name: 'n', engine: 'python', codePath: code }), { of: 'of private files' })],
  'GET /ai_arts/api/codes/:id': [seen('notebook')],
  'GET /ai_arts/api/codes/:id/endpoint': [{ id: 'notebook', mark: '/open?link=' }],
  'GET /ai_arts/api/codes/:id/jupyter': [{ id: 'notebook', mark: '/open?link=' }],
  'DELETE /ai_arts/api/codes/:id': [consumed('waitingNotebook')],
  'POST /ai_arts/api/codes/:id/description': [json(() => ({ description: 'another one' }), { id: 'waitingNotebook' })],
  'POST /ai_arts/api/codes/upload': [upload(text)],
  'GET /ai_arts/api/models': lists,
  'POST /ai_arts/api/models/upload': [upload(modelFile)],
  'POST /ai_arts/api/models': [
    json(({ modelFiles }, count) => ({ name: `r ${count}`, path: modelFiles }), { of: 'of private files' }),
    json(({ training }, count) => ({ name: `r ${count}`, jobId: training }), { of: 'of a training' }),
  ],
  'GET /ai_arts/api/models/:id': both('model', 'publicModel'),
  'GET /ai_arts/api/models/:id/download': [{ of: 'private', id: 'model' }, { of: 'public', id: 'publicModel' }],
  'DELETE /ai_arts/api/models/:id': [{ of: 'private', ...consumed('model') }, { of: 'public', ...consumed('publicModel') }],
  'GET /ai_arts/api/trainings': [{ mark: KEPT }],
  'GET /ai_arts/api/trainings/:id': [seen('training')],
  'GET /ai_arts/api/trainings/:id/log': [seen('training')],
  'POST /ai_arts/api/trainings': [
    json(({ code }) => ({ name: 't', engine: 'bash', codePath: code, startupFile: 'start.sh' }), { of: 'of private code' }),
    json(({ code, pathBesidePublic }) => ({ name: 't', engine: 'bash', codePath: code, startupFile: 'start.sh', datasetPath: pathBesidePublic }), { of: 'of private code and files' }),
  ],
  'POST /ai_arts/api/trainings/:id/stop': [consumed('waitingTraining')],
  'DELETE /ai_arts/api/trainings/:id': [consumed('waitingTraining')],
  'GET /ai_arts/api/datasets': lists,
  'GET /ai_arts/api/datasets/:id': both('dataset', 'publicDataset'),
  'POST /ai_arts/api/datasets': registering,
  'POST /ai_arts/api/datasets/upload': [upload(text)],
  'POST /ai_arts/api/datasets/register': registering,
  'GET /ai_arts/api/datasets/:id/download': both('dataset', 'publicDataset'),
  'DELETE /ai_arts/api/datasets/:id': [{ of: 'private', ...consumed('dataset') }, { of: 'public', ...consumed('publicDataset') }],
  'GET /ai_arts/api/inferences': [{ mark: KEPT }],
  'GET /ai_arts/api/ListInferenceJob': [{ mark: KEPT }],
  'GET /ai_arts/api/inferences/ListInferenceJob': [{ mark: KEPT }],
  'POST /ai_arts/api/inferences': [
    json(({ model }) => ({ jobName: 's', modelId: Number(model) }), { of: 'of a private model' }),
    json(({ modelFiles }) => ({ jobName: 's', model_base_path: modelFiles }), { of: 'of private files' }),
  ],
  'GET /ai_arts/api/inferences/:id': [seen('service')],
  'DELETE /ai_arts/api/inferences/:id': [consumed('waitingService')],
  'POST /ai_arts/api/inferences/:id/upload_image': [{ id: 'service', body: () => ({ multipart: { image: picture() } }) }],
  'POST /ai_arts/api/inferences/:id/recognition': [
    { of: 'a picture that comes along', id: 'service', body: () => ({ multipart: { image: picture() } }) },
    { of: 'a picture of the member’s', id: 'service', body: ({ image }) => ({ json: { imageId: image } }) },
  ],
};
