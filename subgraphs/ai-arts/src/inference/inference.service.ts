import { randomUUID } from 'node:crypto';
import { badInput, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { EntityManager, FilterQuery } from '@mikro-orm/postgresql';
import { visibleArtifacts } from '../artifact/artifact.listing.js';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { modelNotFound } from '../errors.js';
import type { FileClaim } from '../job/job.admission.js';
import { listJobs, type JobListing } from '../job/job.listing.js';
import { requireJob } from '../job/job.reference.js';
import type { JobStore } from '../job/job.store.js';
import { Model } from '../model/model.entity.js';
import type { ModelService } from '../model/model.service.js';
import { deviceOf } from '../training/training.device.js';
import { InferenceService } from './inference.entity.js';
import { readService, type ServiceRequest } from './inference.request.js';
import type { CreateInferenceServiceInput } from './inference.types.js';
import { onnxFileOf } from './servable.model.js';
import type { ServiceGate } from './service.gate.js';

interface ServiceParts {
  fork: () => EntityManager;
  engine: Engine;
  jobs: JobStore;
  models: ModelService;
  gate: ServiceGate;
  settings: Pick<AiArtsSettings, 'jobMemoryBytes' | 'inferenceRuntime'>;
}

/** What users ask of inference services; see the mutations of the same names. */
export class InferenceServices {
  constructor(private readonly parts: ServiceParts) {}

  async create(scope: RequestScope, input: CreateInferenceServiceInput): Promise<InferenceService> {
    const { jobs, gate, settings } = this.parts;
    const request = readService(input, settings);
    const service = ((await jobs.earlier(scope, 'INFERENCE', request)) as InferenceService | null) ?? (await this.#store(scope, request, await this.#modelOf(scope, input)));
    return request.waitMs === 0 ? service : gate.settled(scope, service.id, request.waitMs);
  }

  async stop(scope: RequestScope, id: string): Promise<InferenceService> {
    await requireJob(InferenceService, scope, id);
    await this.parts.jobs.pause(id, (service) => {
      // What its owner has stopped is not woken.
      (service as InferenceService).isAsleep = false;
      return true;
    });
    return requireJob(InferenceService, scope, id);
  }

  async start(scope: RequestScope, id: string): Promise<InferenceService> {
    await requireJob(InferenceService, scope, id);
    await this.parts.fork().nativeUpdate(InferenceService, { id }, { restarts: 0 });
    await this.parts.jobs.start(scope.caller, id);
    return requireJob(InferenceService, scope, id);
  }

  async delete(scope: RequestScope, id: string): Promise<boolean> {
    await requireJob(InferenceService, scope, id);
    await this.parts.jobs.delete(id);
    return true;
  }

  list(scope: RequestScope, listing: JobListing, page: PageArguments): Promise<Connection<InferenceService>> {
    return listJobs(InferenceService, scope, listing, page);
  }

  async #modelOf(scope: RequestScope, { modelId, modelPath }: CreateInferenceServiceInput): Promise<Model> {
    // Without an engine nothing else matters.
    void this.parts.engine.driver;
    const hasPath = modelPath != null && modelPath !== '';
    if ((modelId != null) === hasPath) throw badInput({ field: 'input.modelId', problem: 'give either the id of a model or its path' });
    if (modelId != null) return this.parts.models.store.require(scope, modelId, 'input.modelId');
    const found = await scope.em.fork().findOne(Model, { $and: [{ path: modelPath! }, visibleArtifacts(scope)] } as FilterQuery<Model>, { orderBy: { id: 'desc' } });
    if (!found) throw modelNotFound({ id: modelPath!, field: 'input.modelPath' });
    return found;
  }

  async #store(scope: RequestScope, request: ServiceRequest, model: Model): Promise<InferenceService> {
    const { jobs, engine, settings } = this.parts;
    const modelFile = await onnxFileOf(scope.em, model);
    await engine.requireCapacity({ ...deviceOf(request), memoryBytes: request.memoryBytes });
    const { hash: _, clientToken: __, waitMs: ___, ...asked } = request;
    const id = randomUUID();
    const values = { ...asked, id, engine: settings.inferenceRuntime, modelId: model.id, modelFileSetId: model.fileSetId, modelFile, servedName: model.name };
    const claims = (['job', 'run'] as const).map((user): FileClaim => ({ fileSetId: model.fileSetId, claimant: `${user}:${id}` }));
    return jobs.create(scope, new InferenceService(), 'INFERENCE', request, values, claims);
  }
}
