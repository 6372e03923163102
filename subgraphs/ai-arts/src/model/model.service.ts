import { badInput, sql, textFault, type Connection, type PageArguments, type RequestScope, type UploadedFile } from '@hutong/common';
import type { ArtifactListing } from '../artifact/artifact.listing.js';
import { readArtifact, readLabel } from '../artifact/artifact.request.js';
import { ArtifactService, type ArtifactUpload } from '../artifact/artifact.service.js';
import { FilePurpose, type FileSet } from '../files/file-set.entity.js';
import type { FileSets } from '../files/file-sets.js';
import type { UploadService } from '../files/upload.service.js';
import type { TrainingService } from '../training/training.service.js';
import type { Model } from './model.entity.js';
import { modelKind } from './model.kind.js';
import type { ModelFilter, ModelInput, RegisterModelInput } from './model.types.js';

const LONGEST_TEXT = 255;
const PARAMS_BYTES = 65_536;
const ONNX = `select from ai_arts.file_set_file where file_set_id = $1 and path ilike '%.onnx' limit 1`;

/** What is said of models alone. */
type ModelColumns = Pick<Model, 'use' | 'engine' | 'precision' | 'params'>;

/** What users ask of models; see the mutations of the same names. */
export class ModelService extends ArtifactService<Model> {
  readonly #trainings: Pick<TrainingService, 'outputOf'>;

  constructor({ trainings, ...parts }: { files: FileSets; uploads: UploadService; trainings: Pick<TrainingService, 'outputOf'> }) {
    super(modelKind, parts);
    this.#trainings = trainings;
  }

  registerModel(scope: RequestScope, { path, trainingId, waitSeconds, ...input }: RegisterModelInput): Promise<Model> {
    const columns = readModel(input);
    const hasPath = path != null && path !== '';
    const hasTraining = trainingId != null && trainingId !== '';
    if (hasPath === hasTraining) throw badInput({ field: 'input.path', problem: 'give either the path of files or the training that made them' });
    if (hasTraining) return this.#ofTraining(scope, input, columns, trainingId);
    return this.register(scope, input, { path: path!, waitSeconds }, async (files) => ({ ...columns, format: await this.#formatOf(scope, input, files) }));
  }

  uploadModel(scope: RequestScope, input: ModelInput, upload: ArtifactUpload, file: UploadedFile): Promise<Model> {
    const columns = readModel(input);
    return this.upload(scope, input, upload, file, async (files) => ({ ...columns, format: await this.#formatOf(scope, input, files) }));
  }

  listModels(scope: RequestScope, { filter, ...listing }: Omit<ArtifactListing, 'filter'> & { filter: ModelFilter }, page: PageArguments): Promise<Connection<Model>> {
    const { use, format, ...common } = filter;
    return this.list(scope, { ...listing, filter: common, also: { ...(use == null || use === '' ? {} : { use }), ...(format == null ? {} : { format }) } }, page);
  }

  async #ofTraining(scope: RequestScope, input: ModelInput, columns: ModelColumns, trainingId: string): Promise<Model> {
    const request = readArtifact(input);
    const { folder } = await this.#trainings.outputOf(scope, trainingId, 'input.trainingId');
    await this.store.requireFree(scope, request);
    const fileSet = await this.parts.files.adopt(scope.caller.userId ?? '', folder, FilePurpose.MODEL, scope.signal);
    return this.make(scope, request, { fileSet, folder: '' }, { ...columns, trainingId, format: await this.#formatOf(scope, input, fileSet) });
  }

  async #formatOf({ em }: RequestScope, { format }: ModelInput, { id }: FileSet): Promise<string> {
    if (format != null && format !== '') return readLabel('input.format', format);
    return (await sql(em, ONNX, [id])).length > 0 ? 'onnx' : 'files';
  }
}

/** @throws BAD_INPUT with the field */
function readModel({ use, engine, precision, params, format }: ModelInput): ModelColumns {
  if (format != null && format !== '') readLabel('input.format', format);
  return { use: readText('use', use), engine: readText('engine', engine), precision: readText('precision', precision), params: readParams(params) };
}

function readText(field: string, text: string | null | undefined): string | null {
  if (text == null || text === '') return null;
  const problem = textFault(text, LONGEST_TEXT);
  if (problem !== undefined) throw badInput({ field: `input.${field}`, problem });
  return text;
}

function readParams(params: unknown): Record<string, unknown> | null {
  if (params == null) return null;
  if (typeof params !== 'object' || Array.isArray(params)) throw badInput({ field: 'input.params', problem: 'expected a JSON object' });
  const bytes = Buffer.byteLength(JSON.stringify(params));
  if (bytes > PARAMS_BYTES) throw badInput({ field: 'input.params', problem: `expected at most ${PARAMS_BYTES} bytes of JSON, got ${bytes}` });
  return params as Record<string, unknown>;
}
