import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { conflict, HutongError, requestHash, timedOut, type Caller, type RequestScope } from '@hutong/common';
import { readArtifact, type ArtifactRequest } from '../artifact/artifact.request.js';
import { Dataset } from '../dataset/dataset.entity.js';
import type { DatasetService } from '../dataset/dataset.service.js';
import { pathIn, type AddedFile, type DerivedFiles } from '../files/derived.files.js';
import { FilePurpose, type FileSet } from '../files/file-set.entity.js';
import type { FileSets } from '../files/file-sets.js';
import { incomingFolder } from '../files/intake.js';
import { filesBelow } from '../files/transfer/download.source.js';
import { waitOf } from '../files/upload.check.js';
import { requireText } from '../job/job.request.js';
import type { CocoChecker } from './coco.checker.js';
import type { LabelExport } from './label.export.js';
import type { ImportAnnotationsInput } from './labelling.types.js';

interface ImportsParts {
  datasets: DatasetService;
  files: FileSets;
  derivedFiles: DerivedFiles;
  labels: LabelExport;
  checker: CocoChecker;
  settings: { dataDirectory: string; importBytes: number };
}

/** What labels are imported of. */
export interface LabelledDataset {
  dataset: Dataset;
  /** On the label server. */
  project: string;
}

interface ImportRequest {
  artifact: ArtifactRequest;
  token: string | null;
  waitMs: number;
  clientToken: string | null;
  hash: string;
}

/** Where the labels are among the files of a version. */
export const LABELS_FILE = 'annotations.json';

const LONGEST_TOKEN = 255;

/** Makes versions of datasets that have the labels of their projects. */
export class AnnotationImports {
  constructor(private readonly parts: ImportsParts) {}

  /** The labels are fetched and checked before a file is copied, and the version is there with all of them or not at all; see `importAnnotations`. */
  async import(scope: RequestScope, of: LabelledDataset, input: ImportAnnotationsInput): Promise<Dataset> {
    const request = readImport(of.dataset, input);
    const earlier = await this.#earlier(scope, request);
    if (earlier) return earlier;
    try {
      return await this.#make(scope, of, request);
    } catch (error) {
      // The same request may have been first.
      const other = error instanceof HutongError && error.code === 'NAME_TAKEN' ? await this.#earlier(scope, request) : null;
      if (other) return other;
      throw error;
    }
  }

  async #make(scope: RequestScope, of: LabelledDataset, { artifact, token, waitMs, clientToken, hash }: ImportRequest): Promise<Dataset> {
    const { datasets, files } = this.parts;
    await datasets.store.requireFree(scope, artifact);
    const fileSet = await this.#filesOf(scope, of, { isPrivate: artifact.isPrivate, token, waitMs });
    try {
      return await datasets.store.create(scope, artifact, { fileSet, folder: '' }, { sourceId: of.dataset.id, labelingProject: of.project, clientToken, requestHash: hash });
    } catch (error) {
      await files.discard(fileSet.id, 0);
      throw error;
    }
  }

  /** @throws TIMEOUT */
  async #filesOf({ em, caller, signal }: RequestScope, { dataset, project }: LabelledDataset, { waitMs, ...of }: { isPrivate: boolean; token: string | null; waitMs: number }): Promise<FileSet> {
    const { fileSetId: id, folder } = dataset;
    const paths: string[] = [];
    for await (const file of filesBelow(em, id, folder)) paths.push(pathIn(folder, file.path));
    const late = AbortSignal.timeout(waitMs);
    try {
      return await this.parts.derivedFiles.make({ ...of, ownerId: caller.userId!, purpose: FilePurpose.DATASET }, { id, folder }, this.#labelsOf(project, caller, paths), AbortSignal.any([signal, late]));
    } catch (error) {
      if (late.aborted && !(error instanceof HutongError)) throw timedOut({ what: 'The import', seconds: waitMs / 1_000, field: 'input.waitSeconds' });
      throw error;
    }
  }

  #labelsOf(project: string, caller: Caller, paths: readonly string[]): AddedFile {
    const { labels, checker, settings } = this.parts;
    return {
      path: LABELS_FILE,
      async put(draft, progress, signal) {
        // Named by its set, so that it goes when a dead process has left it.
        const aside = path.join(incomingFolder(settings.dataDirectory), draft.fileSet.id);
        const file = path.join(aside, LABELS_FILE);
        try {
          await mkdir(aside, { recursive: true });
          await labels.save(project, caller, file, (body) => progress.counting(body), signal);
          await checker.check({ file, files: paths, mostBytes: settings.importBytes }, signal);
          await draft.put(LABELS_FILE, createReadStream(file) as AsyncIterable<Uint8Array>);
        } finally {
          await rm(aside, { recursive: true, force: true });
        }
      },
    };
  }

  /** The version that the caller asked for before with this token. @throws CONFLICT when another one was asked for */
  async #earlier({ em, caller }: RequestScope, { clientToken, hash }: ImportRequest): Promise<Dataset | null> {
    if (clientToken === null) return null;
    const earlier = await em.fork().findOne(Dataset, { ownerId: caller.userId ?? '', clientToken, deletedAt: null });
    if (earlier && earlier.requestHash !== hash) throw conflict({ field: 'input.clientToken', reason: 'input.clientToken: this token was used before, with another input' });
    return earlier;
  }
}

/** @throws BAD_INPUT, LIMIT_EXCEEDED */
function readImport({ name, description, isPrivate }: Dataset, input: ImportAnnotationsInput): ImportRequest {
  const { datasetId, version, alias, token, clientToken, waitSeconds } = input;
  const artifact = readArtifact({ name, version, alias: alias ?? null, description: input.description ?? description, isPrivate });
  if (token != null) requireText('input.token', token, LONGEST_TOKEN);
  if (clientToken != null) requireText('input.clientToken', clientToken, LONGEST_TOKEN);
  const hash = requestHash({ importsLabels: datasetId, version, alias: artifact.alias, description: input.description ?? null });
  return { artifact, token: token ?? null, waitMs: waitOf(waitSeconds), clientToken: clientToken ?? null, hash };
}
