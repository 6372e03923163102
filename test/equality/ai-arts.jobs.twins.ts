import { API } from '../testkit/ai-arts.client.js';
import type { Actor } from '../testkit/actor.js';
import { sendAs } from '../testkit/http.js';
import { CODES, formOfContract, milliseconds, ofContract, orderOf, queryOf, read, totals, type ListQuestion } from './ai-arts.reading.js';
import { aboutOne } from './ai-arts.files.twins.js';
import { trainingInContractWords, TRAINING_FIELDS } from './ai-arts.training.js';
import { rowsOfPage } from './paging.js';
import { asked, present, twinOf, type Data, type Twin } from './twin.js';

// AIArts, sections 1, 3 and 6: each row of its page, by the contract and as a GraphQL client would do it.

const ORDERS = { createTime: 'CREATED_AT', name: 'NAME', status: 'STATE' };

/** A list of jobs; `status` is a state in lower case, or `all`. */
async function jobsOfGraph(actor: Actor, list: 'notebooks' | 'trainings' | 'inferenceServices', fields: string, question: ListQuestion) {
  const document = `query ($filter: JobFilter, $orderBy: JobOrder, $direction: SortDirection, $first: Int, $offset: Int) {
    ${list}(filter: $filter, orderBy: $orderBy, direction: $direction, first: $first, offset: $offset) { totalCount nodes { ${fields} } }
  }`;
  const { pageNum = 1, pageSize = 10, status = 'all', searchWord, name } = question;
  const filter = { states: status === 'all' ? undefined : [status.toUpperCase()], search: name ?? searchWord };
  const { count, rows } = await rowsOfPage<Data>(pageNum, pageSize, async (first, offset) => (await asked(actor, document, { filter, ...orderOf(question, ORDERS), first, offset }))[list]);
  return { rows, totals: totals(count, question) };
}

interface Notebook {
  id: string;
  name: string;
  state: string;
  engine: string;
  codePath: string | null;
  openUrl: string | null;
  createdAt: string;
  deviceType: string;
  deviceNum: number;
  description: string | null;
}
const NOTEBOOK_FIELDS = 'id name state engine codePath openUrl createdAt deviceType deviceNum description';

const notebookInContractWords = (notebook: Notebook): Record<string, unknown> => ({
  id: notebook.id,
  name: notebook.name,
  status: notebook.state.toLowerCase(),
  engine: notebook.engine,
  codePath: notebook.codePath ?? '',
  JupyterUrl: notebook.openUrl ?? '',
  createTime: milliseconds(notebook.createdAt),
  deviceType: notebook.deviceType,
  deviceNum: notebook.deviceNum,
  desc: notebook.description ?? '',
});

/** Where a notebook is, for a program, or for a browser, which is sent there. */
const endpointTwin = (name: string): Twin<{ id: string; browser: boolean }> =>
  twinOf(
    CODES,
    async (actor, { id, browser }) => {
      const answer = await sendAs(actor, { path: `${API}/codes/${id}/${name}`, headers: { accept: browser ? 'text/html,*/*;q=0.8' : 'application/json' } });
      return answer.status === 302 ? { data: { to: answer.headers.location } } : read(answer);
    },
    async (actor, { id, browser }) => {
      const { state, openUrl } = present((await asked(actor, 'query ($id: ID!) { notebook(id: $id) { state openUrl } }', { id })).notebook) as Notebook;
      return browser && openUrl !== null ? { to: openUrl } : { name: 'ipython', status: state === 'RUNNING' ? 'running' : 'pending', accessPoint: openUrl ?? '' };
    },
  );

/** A job to be made, in the page's words. */
export type NewJob = Record<string, unknown>;

/** The page's clients send 0 and '' for what they leave open; what they call a job is as it is, and '0' a description. */
const said = (input: NewJob): NewJob => Object.fromEntries(Object.entries(input).map(([key, value]) => [key, isLeftOpen(key, value) ? undefined : isNumber(key) && typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value]));

const isLeftOpen = (key: string, value: unknown): boolean => key !== 'name' && (value === 0 || value === '' || (value === '0' && key !== 'description'));
const isNumber = (key: string): boolean => key.startsWith('num') || key === 'deviceNum';

const LOG = 'query ($id: ID!, $page: Int) { training(id: $id) { logPage(pageNum: $page) { text cursor pageCount } } }';
/** A page of the contract has so many lines. */
const LOG_BEHIND = 'query ($id: ID!, $after: String) { training(id: $id) { logPage { pageCount } log(after: $after, first: 2000) { text cursor } } }';

export interface LogQuestion {
  id: string;
  pageNum?: number | undefined;
  cursor?: string | undefined;
}

interface Service {
  id: string;
  name: string;
  state: string;
  stateReason: string | null;
  createdAt: string;
  description: string | null;
  engine: string;
  deviceType: string;
  deviceNum: number;
  requests: number;
  failed: number;
  latencyMs: number | null;
  model: { id: string; name: string; version: string; path: string } | null;
}
const SERVICE_FIELDS = 'id name state stateReason createdAt description engine deviceType deviceNum requests failed latencyMs model { id name version path }';

const serviceInContractWords = (service: Service): Record<string, unknown> => ({
  jobId: service.id,
  jobName: service.name,
  jobStatus: service.state.toLowerCase(),
  jobTime: milliseconds(service.createdAt),
  jobParams: {
    modelId: Number(service.model?.id ?? 0),
    modelName: service.model?.name ?? '',
    version: service.model?.version ?? '',
    model_base_path: service.model?.path ?? '',
    framework: service.engine,
    device: service.deviceType,
    deviceNum: service.deviceNum,
    desc: service.description ?? '',
    statusReason: service.stateReason ?? '',
    requests: service.requests,
    failed: service.failed,
    latencyMs: service.latencyMs ?? 0,
  },
});

const servicesTwin = (path: string): Twin<ListQuestion> =>
  twinOf(
    CODES,
    (actor, question) => ofContract(actor, 'GET', `${path}?${queryOf(question)}`),
    async (actor, question) => {
      const list = await jobsOfGraph(actor, 'inferenceServices', SERVICE_FIELDS, question);
      return { inferences: list.rows.map(serviceInContractWords), ...list.totals };
    },
  );

/** A picture for a service: the file itself, or the id of one that came before. */
export interface PictureQuestion {
  id: string;
  image?: File | undefined;
  imageId?: unknown;
}

const RECOGNIZE = 'mutation ($input: RecognizeImageInput!) { recognizeImage(input: $input) { task labels { label score } boxes { label score x y width height } } }';

/** So many labels does the contract tell. */
const LABELS = 10;

/** The rows of AIArts about jobs. */
export const jobsTwins = {
  'GET /codes': twinOf<ListQuestion>(
    CODES,
    (actor, question) => ofContract(actor, 'GET', `/codes?${queryOf(question)}`),
    async (actor, question) => {
      const list = await jobsOfGraph(actor, 'notebooks', NOTEBOOK_FIELDS, question);
      return { CodeEnvs: list.rows.map(notebookInContractWords), ...list.totals };
    },
  ),
  'POST /codes': twinOf<NewJob>(
    CODES,
    (actor, body) => ofContract(actor, 'POST', '/codes', body),
    async (actor, { desc: description, ...input }) => (await asked(actor, 'mutation ($input: CreateNotebookInput!) { createNotebook(input: $input) { id } }', { input: said({ ...input, description }) })).createNotebook.id,
  ),
  'GET /codes/:id': aboutOne('GET', (id) => `/codes/${id}`, async (actor, id) => notebookInContractWords(present((await asked(actor, `query ($id: ID!) { notebook(id: $id) { ${NOTEBOOK_FIELDS} } }`, { id })).notebook))),
  'GET /codes/:id/endpoint': endpointTwin('endpoint'),
  'GET /codes/:id/jupyter': endpointTwin('jupyter'),
  'DELETE /codes/:id': aboutOne('DELETE', (id) => `/codes/${id}`, async (actor, id) => (await asked(actor, 'mutation ($id: ID!) { deleteNotebook(id: $id) }', { id }), {})),
  'POST /codes/:id/description': twinOf<{ id: string; description: unknown }>(
    CODES,
    (actor, { id, description }) => ofContract(actor, 'POST', `/codes/${id}/description`, { description }),
    async (actor, { id, description }) => (await asked(actor, 'mutation ($id: ID!, $description: String!) { describeNotebook(id: $id, description: $description) { id } }', { id, description }), {}),
  ),

  'GET /trainings': twinOf<ListQuestion>(
    CODES,
    (actor, question) => ofContract(actor, 'GET', `/trainings?${queryOf(question)}`),
    async (actor, question) => {
      const list = await jobsOfGraph(actor, 'trainings', TRAINING_FIELDS, question);
      return { Trainings: list.rows.map(trainingInContractWords), ...list.totals };
    },
  ),
  'GET /trainings/:id': aboutOne('GET', (id) => `/trainings/${id}`, async (actor, id) => trainingInContractWords(present((await asked(actor, `query ($id: ID!) { training(id: $id) { ${TRAINING_FIELDS} } }`, { id })).training))),
  'GET /trainings/:id/log': twinOf<LogQuestion>(
    CODES,
    (actor, { id, ...query }) => ofContract(actor, 'GET', `/trainings/${id}/log?${queryOf(query)}`),
    async (actor, { id, pageNum, cursor }) => {
      const { logPage, log = logPage } = present((await asked(actor, cursor ? LOG_BEHIND : LOG, { id, page: pageNum, after: cursor })).training);
      return logPage.pageCount === 0 ? { maxPage: 0 } : { log: log.text, cursor: log.cursor, maxPage: logPage.pageCount };
    },
  ),
  'POST /trainings': twinOf<NewJob>(
    CODES,
    (actor, body) => ofContract(actor, 'POST', '/trainings', body),
    async (actor, { desc: description, ...input }) => (await asked(actor, 'mutation ($input: CreateTrainingInput!) { createTraining(input: $input) { id } }', { input: said({ ...input, description }) })).createTraining.id,
  ),
  'POST /trainings/:id/stop': aboutOne('POST', (id) => `/trainings/${id}/stop`, async (actor, id) => (await asked(actor, 'mutation ($id: ID!) { stopTraining(id: $id) { id } }', { id }), {})),
  'DELETE /trainings/:id': aboutOne('DELETE', (id) => `/trainings/${id}`, async (actor, id) => (await asked(actor, 'mutation ($id: ID!) { deleteTraining(id: $id) }', { id }), {})),

  'GET /inferences': servicesTwin('/inferences'),
  'GET /ListInferenceJob': servicesTwin('/ListInferenceJob'),
  'GET /inferences/ListInferenceJob': servicesTwin('/inferences/ListInferenceJob'),
  'POST /inferences': twinOf<NewJob>(
    CODES,
    (actor, body) => ofContract(actor, 'POST', '/inferences', body),
    async (actor, { jobName: name, modelId, model_base_path: modelPath, device: deviceType, desc: description }) => {
      const input = { name, modelId, ...said({ modelPath, deviceType, description }) };
      return { jobId: (await asked(actor, 'mutation ($input: CreateInferenceServiceInput!) { createInferenceService(input: $input) { id } }', { input })).createInferenceService.id };
    },
  ),
  'GET /inferences/:id': aboutOne('GET', (id) => `/inferences/${id}`, async (actor, id) => serviceInContractWords(present((await asked(actor, `query ($id: ID!) { inferenceService(id: $id) { ${SERVICE_FIELDS} } }`, { id })).inferenceService))),
  'DELETE /inferences/:id': aboutOne('DELETE', (id) => `/inferences/${id}`, async (actor, id) => (await asked(actor, 'mutation ($id: ID!) { deleteInferenceService(id: $id) }', { id }), {})),
  'POST /inferences/:id/upload_image': twinOf<PictureQuestion>(
    CODES,
    (actor, { id, image }) => formOfContract(actor, `/inferences/${id}/upload_image`, { image }),
    async (actor, { id: serviceId, image }) => ({ imageId: (await asked(actor, 'mutation ($input: UploadImageInput!) { uploadImage(input: $input) { id } }', { input: { serviceId, image } })).uploadImage.id }),
  ),
  'POST /inferences/:id/recognition': twinOf<PictureQuestion>(
    CODES,
    (actor, { id, image, imageId }) => (image === undefined ? ofContract(actor, 'POST', `/inferences/${id}/recognition`, { imageId }) : formOfContract(actor, `/inferences/${id}/recognition`, { image })),
    async (actor, { id: serviceId, image, imageId }) => {
      const { task, labels, boxes } = (await asked(actor, RECOGNIZE, { input: { serviceId, image, ...said({ imageId }), top: LABELS } })).recognizeImage;
      if (task === 'classify') return { type: 'classify', data: labels.map(({ label, score }: Found) => [label, score]) };
      return { type: 'detection', data: boxes.map(({ label, score, x, y, width, height }: Found) => [label, score, [x, y, width, height]]) };
    },
  ),
} satisfies Record<string, Twin<never>>;

interface Found {
  label: string;
  score: number;
  x: number;
  y: number;
  width: number;
  height: number;
}
