import type { RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

/** What trainings need of sets of files. */
export interface TrainingFiles {
  resolve(scope: Pick<RequestScope, 'em' | 'caller'>, path: string, purpose?: 'CODE' | 'DATASET', field?: string): Promise<{ fileSet: { id: string; path: string }; folder: string }>;
  hasFile(em: EntityManager, fileSetId: string, filePath: string): Promise<boolean>;
  stage(fileSetId: string, signal: AbortSignal): Promise<string>;
  copyTo(fileSetId: string, folder: string, signal: AbortSignal): Promise<void>;
  writeInline(ownerId: string, name: string, text: string, signal: AbortSignal): Promise<{ id: string; path: string }>;
  claim(tx: EntityManager, fileSetId: string, claimant: `${'job' | 'run'}:${string}`): Promise<unknown>;
  release(tx: EntityManager, claimant: `${'job' | 'run'}:${string}`): Promise<void>;
}
