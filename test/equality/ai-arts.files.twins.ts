import { Upload } from 'tus-js-client';
import { API } from '../testkit/ai-arts.client.js';
import type { Actor } from '../testkit/actor.js';
import { CODES, download, formOfContract, milliseconds, ofContract, orderOf, queryOf, totals, type ListQuestion } from './ai-arts.reading.js';
import { trainingInContractWords, TRAINING_FIELDS, type TrainingOfGraph } from './ai-arts.training.js';
import { rowsOfPage } from './paging.js';
import { asked, present, twinOf, type Data, type Twin } from './twin.js';

// AIArts, sections 2 and 4 and the uploads of all: each row of its page, by the contract and as a GraphQL client would do it.

/** A form of an upload: the file, and the folder that it comes into. */
export interface UploadForm {
  file: File;
  dir?: string | undefined;
  isPrivate?: 'true' | 'false' | undefined;
  /** The graph's client sends it in pieces, by the tus protocol. */
  resumable: boolean;
}

const UPLOAD = 'mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { path } }';

/** A row that takes in a file. */
const uploadTwin = (path: string, purpose: 'CODE' | 'MODEL' | 'DATASET'): Twin<UploadForm> =>
  twinOf(
    CODES,
    (actor, { file, dir, isPrivate }) => formOfContract(actor, path, { dir, isPrivate, data: file }),
    async (actor, { file, dir, isPrivate, resumable }) => {
      if (resumable) return { path: await sentInPieces(actor, file, { purpose, ...(dir === undefined ? {} : { dir }), ...(isPrivate === undefined ? {} : { isPrivate }) }) };
      const { uploadFiles } = await asked(actor, UPLOAD, { input: { file, purpose, dir, isPrivate: isPrivate !== 'false' } });
      return { path: uploadFiles.path };
    },
  );

/** Sends a file as a client of tus does; answers the path of what became of it. */
async function sentInPieces({ platform, credential }: Actor, file: File, metadata: Record<string, string>): Promise<string> {
  const bytes = Buffer.from(await file.arrayBuffer());
  return new Promise((resolve, reject) => {
    let path = '';
    new Upload(bytes, {
      endpoint: `${platform.url}/ai_arts/uploads`,
      chunkSize: 1_000,
      headers: { authorization: `Bearer ${credential}` },
      metadata: { filename: file.name, ...metadata },
      onAfterResponse: (_, response) => void (path = response.getHeader('Upload-Path') ?? path),
      onError: reject,
      onSuccess: () => resolve(decodeURI(path)),
    }).start();
  });
}

/** What datasets and models have in common, as the graph tells it. */
interface Kept {
  id: string;
  name: string;
  description: string | null;
  creator: string;
  version: string;
  isPrivate: boolean;
  path: string;
  sizeBytes: number;
  fileCount: number;
  createdAt: string;
  updatedAt: string;
}
const KEPT = 'id name description creator version isPrivate path sizeBytes fileCount createdAt updatedAt';

const keptInContractWords = ({ id, description, sizeBytes, createdAt, updatedAt, ...alike }: Kept) => ({
  id: Number(id),
  description: description ?? '',
  size: sizeBytes,
  status: 'normal',
  createdAt: milliseconds(createdAt),
  updatedAt: milliseconds(updatedAt),
  ...alike,
});

const ORDERS = { createdAt: 'CREATED_AT', updatedAt: 'UPDATED_AT', name: 'NAME', size: 'SIZE' };

/** A list of datasets or models. */
async function keptOfGraph(actor: Actor, list: 'datasets' | 'models', fields: string, question: ListQuestion, filter: Record<string, unknown>) {
  const type = list === 'datasets' ? 'DatasetFilter' : 'ModelFilter';
  const document = `query ($filter: ${type}, $orderBy: ArtifactOrder, $direction: SortDirection, $first: Int, $offset: Int) {
    ${list}(filter: $filter, orderBy: $orderBy, direction: $direction, first: $first, offset: $offset) { totalCount nodes { ${fields} } }
  }`;
  const { pageNum = 1, pageSize = 10 } = question;
  const { count, rows } = await rowsOfPage<Data>(pageNum, pageSize, async (first, offset) => (await asked(actor, document, { filter, ...orderOf(question, ORDERS), first, offset }))[list]);
  return { rows, page: { ...totals(count, question), pageNum, pageSize } };
}

const DATASET = `query ($id: ID!) { dataset(id: $id) { ${KEPT} } }`;
const REGISTER_DATASET = 'mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { id } }';

/** What a dataset is made of. */
export interface NewDataset {
  name: unknown;
  description: unknown;
  path: unknown;
  isPrivate?: unknown;
}

const registerTwin = (path: string): Twin<NewDataset> =>
  twinOf(
    CODES,
    (actor, body) => ofContract(actor, 'POST', path, body),
    async (actor, { isPrivate, ...input }) => {
      // The page's clients write it as a text, too.
      const { registerDataset } = await asked(actor, REGISTER_DATASET, { input: { ...input, isPrivate: isPrivate === 'true' ? true : isPrivate === 'false' ? false : isPrivate } });
      return { id: Number(registerDataset.id) };
    },
  );

/** A row about one thing, named by its id. */
export const aboutOne = (method: string, path: (id: string) => string, ask: (actor: Actor, id: string) => Promise<unknown>): Twin<string> => twinOf(CODES, (actor, id) => ofContract(actor, method, path(encodeURIComponent(id))), ask);

const downloadTwin = (kind: 'dataset' | 'model'): Twin<string> => ({
  rest: ({ platform, credential }, id) => download(`${platform.legacyUrl}${API}/${kind}s/${id}/download`, { authorization: `Bearer ${credential}` }),
  async graph(actor, id) {
    const link = twinOf<string>(CODES, () => Promise.reject(new Error('only the graph is asked')), async (_, thing) => present((await asked(actor, `query ($id: ID!) { ${kind}(id: $id) { downloadUrl } }`, { id: thing }))[kind]));
    const outcome = await link.graph(actor, id);
    // Whoever has the link needs no credential.
    return 'data' in outcome ? download(new URL((outcome.data as { downloadUrl: string }).downloadUrl, actor.platform.url).href, {}) : outcome;
  },
});

interface Model extends Kept {
  format: string;
  use: string | null;
  engine: string | null;
  precision: string | null;
  params: Record<string, unknown> | null;
  training: { id: string } | null;
}
const MODEL_FIELDS = `${KEPT} format use engine precision params`;

const modelInContractWords = ({ format, use, engine, precision, params, training, ...kept }: Model) => ({ ...keptInContractWords(kept), format, use: use ?? '', engine: engine ?? '', precision: precision ?? '', params: params ?? {}, jobId: training?.id ?? '' });

/** What a model is made of. */
export interface NewModel {
  name: unknown;
  path?: unknown;
  codePath?: unknown;
  jobId?: unknown;
  [told: string]: unknown;
}

/** The rows of AIArts about files. */
export const filesTwins = {
  'POST /codes/upload': uploadTwin('/codes/upload', 'CODE'),
  'POST /datasets/upload': uploadTwin('/datasets/upload', 'DATASET'),
  'POST /models/upload': uploadTwin('/models/upload', 'MODEL'),

  'GET /datasets': twinOf<ListQuestion>(
    CODES,
    (actor, question) => ofContract(actor, 'GET', `/datasets?${queryOf(question)}`),
    async (actor, question) => {
      const { rows, page } = await keptOfGraph(actor, 'datasets', KEPT, question, { name: question.name, isPrivate: question.isPrivate });
      return { datasets: rows.map(keptInContractWords), ...page };
    },
  ),
  'GET /datasets/:id': aboutOne('GET', (id) => `/datasets/${id}`, async (actor, id) => ({ dataset: keptInContractWords(present((await asked(actor, DATASET, { id })).dataset)) })),
  'POST /datasets': registerTwin('/datasets'),
  'POST /datasets/register': registerTwin('/datasets/register'),
  'GET /datasets/:id/download': downloadTwin('dataset'),
  'DELETE /datasets/:id': aboutOne('DELETE', (id) => `/datasets/${id}`, async (actor, id) => (await asked(actor, 'mutation ($id: ID!) { deleteDataset(id: $id) }', { id }), {})),

  'GET /models': twinOf<ListQuestion>(
    CODES,
    (actor, question) => ofContract(actor, 'GET', `/models?${queryOf(question)}`),
    async (actor, question) => {
      const { rows, page } = await keptOfGraph(actor, 'models', `${MODEL_FIELDS} training { id }`, question, { name: question.name, use: question.use });
      return { models: rows.map(modelInContractWords), ...page };
    },
  ),
  'POST /models': twinOf<NewModel>(
    CODES,
    (actor, body) => ofContract(actor, 'POST', '/models', body),
    async (actor, { path, codePath, jobId: trainingId, ...input }) => {
      const { registerModel } = await asked(actor, 'mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', { input: { ...input, trainingId, path: path ?? codePath } });
      return { id: Number(registerModel.id) };
    },
  ),
  'GET /models/:id': aboutOne('GET', (id) => `/models/${id}`, async (actor, id) => {
    const model = present((await asked(actor, `query ($id: ID!) { model(id: $id) { ${MODEL_FIELDS} training { ${TRAINING_FIELDS} } } }`, { id })).model) as Model & { training: TrainingOfGraph | null };
    return { model: modelInContractWords(model), training: model.training && trainingInContractWords(model.training) };
  }),
  'GET /models/:id/download': downloadTwin('model'),
  'DELETE /models/:id': aboutOne('DELETE', (id) => `/models/${id}`, async (actor, id) => (await asked(actor, 'mutation ($id: ID!) { deleteModel(id: $id) }', { id }), {})),
} satisfies Record<string, Twin<never>>;
