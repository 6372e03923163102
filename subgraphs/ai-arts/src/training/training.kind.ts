import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AiArtsSettings } from '../environment.js';
import { codePathInvalid } from '../errors.js';
import type { FileSets } from '../files/file-sets.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobEnvironments } from '../job/job.environments.js';
import type { JobFolder } from '../job/job.folders.js';
import type { JobKind } from '../job/job.kind.js';
import { hasEnded } from '../job/job.states.js';
import { deviceOf } from './training.device.js';
import type { Training } from './training.entity.js';
import { argumentsOf } from './training.parameters.js';

interface KindParts {
  files: FileSets;
  environments: JobEnvironments;
  settings: Pick<AiArtsSettings, 'trainingsPerUser'>;
}

/** Trainings as jobs: their code is copied, their data is staged read-only, and they are started by an argument vector. */
export class TrainingKind implements JobKind<Training> {
  readonly name = 'TRAINING';
  readonly quota: JobKind['quota'];

  constructor(private readonly parts: KindParts) {
    this.quota = { most: parts.settings.trainingsPerUser, setting: 'TRAININGS_PER_USER' };
  }

  async prepare(job: Training, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch> {
    const { files, environments } = this.parts;
    const interpreter = environments.interpreterOf(job.engine, job.startupFile);
    if (!interpreter || job.codeFileSetId === null) throw codePathInvalid({ problem: `nothing starts ${JSON.stringify(job.startupFile)} in the environment ${job.engine}` });
    // What was copied before a crash may be there by halves.
    await rm(folder.work, { recursive: true, force: true });
    await files.copyTo(job.codeFileSetId, folder.work, signal);
    const staged = job.datasetFileSetId === null ? undefined : await files.stage(job.datasetFileSetId, signal);
    const output = job.outputPath === null ? folder.output : path.join(folder.output, job.outputPath);
    await mkdir(output, { recursive: true });
    const data = staged === undefined ? [] : ['--data_path', path.join(staged, job.datasetFolder)];
    return {
      argv: [...interpreter, job.startupFile, ...argumentsOf(job.params), ...data, '--output_path', output],
      environment: { PYTHONUNBUFFERED: '1', ...(job.jobTrainingType === 'PSDistJob' ? { NUM_PS: String(job.numPs), NUM_PS_WORKER: String(job.numPsWorker) } : {}) },
      workingFolder: path.join(folder.work, job.codeFolder),
      readOnly: staged === undefined ? [] : [staged],
      tasks: job.jobTrainingType === 'PSDistJob' ? job.numPs! + job.numPsWorker! : 1,
      ...deviceOf(job),
      memoryBytes: job.memoryBytes,
      timeLimitSeconds: job.timeLimitSeconds,
      network: job.jobTrainingType === 'PSDistJob',
    };
  }

  async entered(tx: EntityManager, job: Training): Promise<void> {
    if (hasEnded(job.state)) await this.parts.files.release(tx, `run:${job.id}`);
  }

  async removed(tx: EntityManager, job: Training): Promise<void> {
    await this.parts.files.release(tx, `job:${job.id}`);
  }
}
