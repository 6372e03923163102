import type { ErrorFactory } from '@hutong/common';
import type { Constructor } from '@mikro-orm/postgresql';
import type { FilePurpose } from '../files/file-set.entity.js';
import type { Artifact } from './artifact.entity.js';

/** What is special to datasets or to models; all else is the same for both. */
export interface ArtifactKind<Row extends Artifact> {
  /** In claims and in messages. */
  readonly name: 'dataset' | 'model';
  readonly entity: Constructor<Row>;
  /** What its files must have been uploaded for; undefined: anything. */
  readonly purpose: FilePurpose | undefined;
  readonly notFound: ErrorFactory<{ id: string }>;
  readonly inUse: ErrorFactory<{ user: string }>;
}
