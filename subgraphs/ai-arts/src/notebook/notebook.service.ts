import { randomUUID } from 'node:crypto';
import type { Connection, PageArguments, RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { notebookUnavailable, pathInvalid } from '../errors.js';
import { FilePurpose } from '../files/file-set.entity.js';
import type { FileSets, ResolvedPath } from '../files/file-sets.js';
import type { JobEnvironments } from '../job/job.environments.js';
import { listJobs, type JobListing } from '../job/job.listing.js';
import { requireJob } from '../job/job.reference.js';
import { JobState } from '../job/job.states.js';
import type { JobStore } from '../job/job.store.js';
import { deviceOf } from '../training/training.device.js';
import { isProgram, remedyFor } from './jupyter.program.js';
import { basePath } from './jupyter.server.js';
import { Notebook } from './notebook.entity.js';
import type { NotebookLinks } from './notebook.links.js';
import { readNotebook, requireDescription } from './notebook.request.js';
import type { CreateNotebookInput } from './notebook.types.js';

interface ServiceParts {
  fork: () => EntityManager;
  engine: Engine;
  jobs: JobStore;
  files: FileSets;
  environments: JobEnvironments;
  links: NotebookLinks;
  /** Where browsers reach notebooks. */
  origin: () => string;
  settings: Pick<AiArtsSettings, 'jobMemoryBytes' | 'notebookCommand' | 'programFolders'>;
}

/** What users ask of notebooks; see the mutations of the same names. */
export class NotebookService {
  constructor(private readonly parts: ServiceParts) {}

  async create(scope: RequestScope, input: CreateNotebookInput): Promise<Notebook> {
    const { jobs, engine, environments, settings } = this.parts;
    const request = readNotebook(input, environments, settings);
    const earlier = await jobs.earlier(scope, 'NOTEBOOK', request);
    if (earlier) return earlier as Notebook;
    await this.#requireJupyter();
    await engine.requireCapacity({ ...deviceOf(request), memoryBytes: request.memoryBytes });
    const code = request.codePath === null ? undefined : await this.#codeOf(scope, request.codePath);
    const { hash: _, clientToken: __, ...asked } = request;
    const id = randomUUID();
    const values = { ...asked, id, codeFileSetId: code?.fileSet.id ?? null, codeFolder: code?.folder ?? '' };
    return jobs.create(scope, new Notebook(), 'NOTEBOOK', request, values, code ? [{ fileSetId: code.fileSet.id, claimant: `job:${id}` }] : []);
  }

  async stop(scope: RequestScope, id: string): Promise<Notebook> {
    await requireJob(Notebook, scope, id);
    await this.parts.jobs.pause(id);
    return requireJob(Notebook, scope, id);
  }

  async start(scope: RequestScope, id: string): Promise<Notebook> {
    await requireJob(Notebook, scope, id);
    await this.#requireJupyter();
    await this.parts.jobs.start(scope.caller, id);
    return requireJob(Notebook, scope, id);
  }

  async delete(scope: RequestScope, id: string): Promise<boolean> {
    await requireJob(Notebook, scope, id);
    await this.parts.jobs.delete(id);
    return true;
  }

  async describe(scope: RequestScope, id: string, description: string): Promise<Notebook> {
    requireDescription('description', description);
    await requireJob(Notebook, scope, id);
    await this.parts.fork().nativeUpdate(Notebook, { id }, { description: description || null });
    return requireJob(Notebook, scope, id);
  }

  list(scope: RequestScope, listing: JobListing, page: PageArguments): Promise<Connection<Notebook>> {
    return listJobs(Notebook, scope, listing, page);
  }

  /** A link that opens a running notebook for its owner; null for anybody else, as a page that another user's notebook shows may do what its reader may. */
  openUrl({ caller }: RequestScope, { id, ownerId, state }: Notebook): string | null {
    if (state !== JobState.RUNNING || caller.userId !== ownerId) return null;
    const link = this.parts.links.make(id, caller);
    return link === undefined ? null : `${this.parts.origin()}${basePath(id)}open?link=${link}`;
  }

  async #codeOf(scope: RequestScope, codePath: string): Promise<ResolvedPath> {
    const field = 'input.codePath';
    const code = await this.parts.files.resolve(scope, codePath, FilePurpose.CODE, field);
    if (code.folder !== '' && (await this.parts.files.hasFile(scope.em, code.fileSet.id, code.folder))) throw pathInvalid({ path: codePath, problem: 'expected a folder, and this is a file', field });
    return code;
  }

  /** @throws ENGINE_NOT_CONFIGURED, NOTEBOOK_UNAVAILABLE where jobs run on this machine; others tell when they start it */
  async #requireJupyter(): Promise<void> {
    const { engine, settings } = this.parts;
    if (engine.driver.name !== 'local' || (await isProgram(settings.notebookCommand[0]!, settings.programFolders))) return;
    throw notebookUnavailable({ remedy: remedyFor(settings.notebookCommand) });
  }
}
