import { Access } from '@hutong/common';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Dataset } from '../dataset/dataset.entity.js';
import { loadDataset } from '../dataset/dataset.reference.js';
import type { AiArtsContext } from '../services.js';
import { ImportAnnotationsInput, LinkLabelingProjectInput } from './labelling.types.js';

@Resolver(() => Dataset)
export class LabellingResolver {
  @Access('member')
  @Mutation(() => Dataset, {
    description: 'Links a dataset to a project of the label server, or to none. Whether there is such a project, and who may see it, the label server knows. May be repeated. Errors: BAD_INPUT, DATASET_NOT_FOUND, NOT_YOURS, LABEL_SERVER_NOT_CONFIGURED.',
  })
  linkLabelingProject(@Ctx() context: AiArtsContext, @Arg('input', () => LinkLabelingProjectInput, { description: 'The dataset and the project.' }) input: LinkLabelingProjectInput): Promise<Dataset> {
    return context.services.labelling.link(context, input);
  }

  @Access('member')
  @Mutation(() => Dataset, {
    description:
      'Makes a version of a dataset with its files, which the store copies by itself, and `annotations.json`, in which the labels of its project are in COCO form, as the label server gives them to the caller now. They are checked first: every image must be a file of the dataset, annotations must refer to images and categories that are there, and all numbers must be finite. All or nothing; `uploadProgress` tells how it comes along. A clientToken makes it safe to repeat. Errors: BAD_INPUT, DATASET_NOT_FOUND, NOT_YOURS, NAME_TAKEN, CONFLICT, LABEL_SERVER_NOT_CONFIGURED, LABEL_SERVER_UNAVAILABLE, LABELS_INVALID, PATH_MISSING when the dataset is deleted meanwhile, PATH_INVALID, TIMEOUT, STORE_UNAVAILABLE, STORE_FULL, FILES_TOO_LARGE, LIMIT_EXCEEDED.',
  })
  importAnnotations(@Ctx() context: AiArtsContext, @Arg('input', () => ImportAnnotationsInput, { description: 'The dataset, and the version that is to be made of it.' }) input: ImportAnnotationsInput): Promise<Dataset> {
    return context.services.labelling.import(context, input);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Where a browser finds the project that the dataset is labelled in; null when it is linked to none, or there is no label server.' })
  labelingUrl(@Ctx() { services }: AiArtsContext, @Root() dataset: Dataset): string | null {
    return services.labelling.urlOf(dataset);
  }

  @FieldResolver(() => Dataset, { nullable: true, description: 'The dataset that this one is a version of, with labels that were imported; null when it is none, or that is deleted or not to be seen.' })
  source(@Ctx() context: AiArtsContext, @Root() { sourceId }: Dataset): Promise<Dataset | null> | null {
    return sourceId === null ? null : loadDataset(context, String(sourceId));
  }
}
