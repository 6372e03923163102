import { badInput, mayAccessOwned, type RequestScope } from '@hutong/common';
import { Dataset } from '../dataset/dataset.entity.js';
import type { DatasetService } from '../dataset/dataset.service.js';
import { datasetNotFound, labelServerNotConfigured, notYours } from '../errors.js';
import type { AnnotationImports } from './annotation.imports.js';
import { checkedProject, type LabelServer } from './label.server.js';
import type { ImportAnnotationsInput, LinkLabelingProjectInput } from './labelling.types.js';

interface ServiceParts {
  datasets: DatasetService;
  /** Undefined: there is no label server. */
  reached: { server: LabelServer; imports: AnnotationImports } | undefined;
}

/** What users ask of labels; see the mutations of the same names. */
export class LabellingService {
  constructor(private readonly parts: ServiceParts) {}

  /** Where a browser finds the project of a dataset; null when it has none, or there is no label server. */
  urlOf({ labelingProject }: Dataset): string | null {
    return labelingProject === null ? null : (this.parts.reached?.server.projectPage(labelingProject) ?? null);
  }

  async link(scope: RequestScope, { datasetId, projectId }: LinkLabelingProjectInput): Promise<Dataset> {
    const labelingProject = projectId == null ? null : checkedProject('input.projectId', projectId);
    if (labelingProject !== null && !this.parts.reached) throw labelServerNotConfigured({});
    const dataset = await this.parts.datasets.store.require(scope, datasetId, 'input.datasetId');
    if (!mayAccessOwned(scope.caller, dataset.ownerId)) throw notYours({ field: 'input.datasetId' });
    const change = { labelingProject, updatedAt: new Date() };
    const changed = await scope.em.fork().nativeUpdate(Dataset, { id: dataset.id, deletedAt: null }, change);
    if (changed === 0) throw datasetNotFound({ id: datasetId, field: 'input.datasetId' });
    return Object.assign(dataset, change);
  }

  async import(scope: RequestScope, input: ImportAnnotationsInput): Promise<Dataset> {
    const { reached, datasets } = this.parts;
    if (!reached) throw labelServerNotConfigured({});
    const dataset = await datasets.store.require(scope, input.datasetId, 'input.datasetId');
    // A version is its owner's, and has one name with the others.
    if (dataset.ownerId !== scope.caller.userId) throw notYours({ field: 'input.datasetId' });
    const { labelingProject: project } = dataset;
    if (project === null) throw badInput({ field: 'input.datasetId', problem: 'the dataset is linked to no labelling project; link it first (linkLabelingProject)' });
    return reached.imports.import(scope, { dataset, project }, input);
  }
}
