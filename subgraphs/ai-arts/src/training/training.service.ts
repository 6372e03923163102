import { randomUUID } from 'node:crypto';
import { requestHash, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { DatasetService } from '../dataset/dataset.service.js';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { codePathInvalid, jobState } from '../errors.js';
import { FilePurpose } from '../files/file-set.entity.js';
import type { FileSets } from '../files/file-sets.js';
import type { FileClaim } from '../job/job.admission.js';
import type { JobEnvironments } from '../job/job.environments.js';
import type { JobFolders } from '../job/job.folders.js';
import { listJobs, type JobListing } from '../job/job.listing.js';
import { requireJob } from '../job/job.reference.js';
import { JobState } from '../job/job.states.js';
import type { JobStore } from '../job/job.store.js';
import { deviceOf } from './training.device.js';
import { Training } from './training.entity.js';
import { requireText } from '../job/job.request.js';
import { readTraining, type TrainingRequest } from './training.request.js';
import type { CreateTrainingInput } from './training.types.js';

interface ServiceParts {
  engine: Engine;
  jobs: JobStore;
  files: FileSets;
  datasets: DatasetService;
  folders: JobFolders;
  environments: JobEnvironments;
  settings: AiArtsSettings;
}

/** The files that a training runs with. */
type TrainingInputs = Pick<Training, 'codePath' | 'codeFileSetId' | 'codeFolder' | 'datasetPath' | 'datasetFileSetId' | 'datasetFolder' | 'datasetId'>;

const LONGEST_TOKEN = 255;

/** What users ask of trainings; see the mutations of the same names. */
export class TrainingService {
  constructor(private readonly parts: ServiceParts) {}

  async create(scope: RequestScope, input: CreateTrainingInput): Promise<Training> {
    const { jobs, engine, files, environments, settings } = this.parts;
    const request = readTraining(input, environments, settings);
    const earlier = await jobs.earlier(scope, 'TRAINING', request);
    if (earlier) return earlier as Training;
    void engine.driver;
    await engine.requireCapacity({ ...deviceOf(request), memoryBytes: request.memoryBytes });
    const inputs = await this.#inputsOf(scope, request);
    const { code: _, hash: __, clientToken: ___, ...asked } = request;
    let stored: Training | undefined;
    try {
      stored = await this.#store(scope, request, { ...asked, ...inputs });
      return stored;
    } finally {
      // Code that was given as text was kept for this training alone.
      if (request.code && stored?.codeFileSetId !== inputs.codeFileSetId) await files.discard(inputs.codeFileSetId!, 0);
    }
  }

  /** Runs the same again, as a new training with the same code, data and parameters. */
  async resubmit(scope: RequestScope, id: string, clientToken: string | null): Promise<Training> {
    if (clientToken !== null) requireText('clientToken', clientToken, LONGEST_TOKEN);
    const request = { clientToken, hash: requestHash({ resubmits: id }) };
    const earlier = await this.parts.jobs.earlier(scope, 'TRAINING', request);
    if (earlier) return earlier as Training;
    const of = await requireJob(Training, scope, id);
    const { codePath, codeFileSetId, codeFolder, datasetPath, datasetFileSetId, datasetFolder, datasetId } = of;
    const { name, description, engine, deviceType, deviceNum, startupFile, outputPath, params, jobTrainingType, numPs, numPsWorker, memoryBytes, timeLimitSeconds } = of;
    const inputs: TrainingInputs = { codePath, codeFileSetId, codeFolder, datasetPath, datasetFileSetId, datasetFolder, datasetId };
    return this.#store(scope, request, { name, description, engine, deviceType, deviceNum, startupFile, outputPath, params, jobTrainingType, numPs, numPsWorker, memoryBytes, timeLimitSeconds, ...inputs });
  }

  async stop(scope: RequestScope, id: string): Promise<Training> {
    await requireJob(Training, scope, id);
    await this.parts.jobs.kill(id);
    return requireJob(Training, scope, id);
  }

  async delete(scope: RequestScope, id: string): Promise<boolean> {
    await requireJob(Training, scope, id);
    await this.parts.jobs.delete(id);
    return true;
  }

  list(scope: RequestScope, listing: JobListing, page: PageArguments): Promise<Connection<Training>> {
    return listJobs(Training, scope, listing, page);
  }

  /**
   * What a finished training of the caller's has left behind, for a model to be made of it.
   *
   * @returns the absolute folder of its output, which is there until the training is deleted
   * @throws JOB_NOT_FOUND, NOT_YOURS, JOB_STATE_CONFLICT for one that is not FINISHED
   */
  async outputOf(scope: RequestScope, trainingId: string, field?: string): Promise<{ training: Training; folder: string }> {
    const training = await requireJob(Training, scope, trainingId, field);
    if (training.state !== JobState.FINISHED) throw jobState({ id: trainingId, state: training.state, wanted: 'become a model' });
    return { training, folder: this.parts.folders.of(training).output };
  }

  #store(scope: RequestScope, request: { clientToken: string | null; hash: string }, values: Omit<Partial<Training>, 'id'> & Pick<Training, 'name' | 'engine' | 'deviceType' | 'deviceNum'>): Promise<Training> {
    const id = randomUUID();
    return this.parts.jobs.create(scope, new Training(), 'TRAINING', request, { ...values, id }, claimsOf(id, values));
  }

  async #inputsOf(scope: RequestScope, request: TrainingRequest): Promise<TrainingInputs> {
    const data = await this.#dataOf(scope, request);
    return { ...data, ...(await this.#codeOf(scope, request)) };
  }

  async #codeOf(scope: RequestScope, { codePath, code, startupFile }: TrainingRequest): Promise<Pick<TrainingInputs, 'codePath' | 'codeFileSetId' | 'codeFolder'>> {
    const { files } = this.parts;
    if (code) {
      const written = await files.writeInline(scope.caller.userId ?? '', startupFile, code.text, scope.signal);
      return { codePath: written.path, codeFileSetId: written.id, codeFolder: '' };
    }
    const { fileSet, folder, hasStartFile } = await files.resolveProgram(scope, codePath!, startupFile, 'input.codePath');
    if (!hasStartFile) throw codePathInvalid({ field: 'input.startupFile', problem: `input.startupFile: there is no ${JSON.stringify(startupFile)} in ${codePath}` });
    return { codePath, codeFileSetId: fileSet.id, codeFolder: folder };
  }

  async #dataOf(scope: RequestScope, { datasetPath, datasetId }: TrainingRequest): Promise<Pick<TrainingInputs, 'datasetPath' | 'datasetFileSetId' | 'datasetFolder' | 'datasetId'>> {
    if (datasetId !== null) {
      const dataset = await this.parts.datasets.store.require(scope, String(datasetId), 'input.datasetId');
      return { datasetPath: dataset.path, datasetFileSetId: dataset.fileSetId, datasetFolder: dataset.folder, datasetId };
    }
    if (datasetPath === null) return { datasetPath: null, datasetFileSetId: null, datasetFolder: '', datasetId: null };
    const { fileSet, folder } = await this.parts.files.resolve(scope, datasetPath, FilePurpose.DATASET, 'input.datasetPath');
    return { datasetPath, datasetFileSetId: fileSet.id, datasetFolder: folder, datasetId: null };
  }
}

/** Its code is kept as long as its record, its data as long as it may run. */
function claimsOf(id: string, { codeFileSetId, datasetFileSetId }: Partial<Training>): FileClaim[] {
  const claims: FileClaim[] = [];
  if (codeFileSetId != null) claims.push({ fileSetId: codeFileSetId, claimant: `job:${id}` });
  if (datasetFileSetId != null) claims.push({ fileSetId: datasetFileSetId, claimant: `run:${id}` });
  return claims;
}
