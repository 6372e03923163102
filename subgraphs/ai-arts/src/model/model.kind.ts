import type { ArtifactKind } from '../artifact/artifact.kind.js';
import { modelInUse, modelNotFound } from '../errors.js';
import { Model } from './model.entity.js';

/** The contract lets models be made of uploaded code, too. */
export const modelKind: ArtifactKind<Model> = { name: 'model', entity: Model, purpose: undefined, notFound: modelNotFound, inUse: modelInUse };
