import type { InferenceRuntime } from '../drivers/runtime/runtime.js';
import { inferenceFailed } from '../errors.js';
import type { FileSets } from '../files/file-sets.js';
import { modelCard, type ModelCard } from '../image/model.card.js';
import { readModelFolder } from '../image/model.folder.js';
import type { JobEvents } from '../job/job.events.js';
import { JobState } from '../job/job.states.js';
import type { ModelServers, ServedRun } from './model.servers.js';
import { told } from './runtime.failure.js';

/** A model that runs, and what it wants and gives. */
export interface ServedModel {
  runtime: InferenceRuntime;
  card: ModelCard;
}

interface Opened {
  runId: string;
  model: Promise<ServedModel>;
  /** What it came to. */
  served?: ServedModel;
}

/** What models are opened with. */
export interface OpenerParts {
  servers: ModelServers;
  files: FileSets;
}

interface ModelsParts extends OpenerParts {
  events: JobEvents;
}

/** Whoever asked first may go; others wait for the same. */
const OPEN_MS = 30_000;

/** The models of running services as this process speaks to them, opened with the first request for each. */
export class ServedModels {
  readonly #parts: ModelsParts;
  readonly #opened = new Map<string, Opened>();
  readonly #stopListening: () => void;

  constructor(parts: ModelsParts) {
    this.#parts = parts;
    this.#stopListening = parts.events.onChange((id, state) => {
      if (state !== JobState.RUNNING) this.forget(id);
    });
  }

  /** @throws INFERENCE_FAILED, BAD_INPUT when its hutong.json does not fit the model, PATH_MISSING, STORE_UNAVAILABLE */
  of(service: ServedRun): Promise<ServedModel> {
    const { id, runId } = service;
    const known = this.#opened.get(id);
    if (known?.runId === runId) return known.model;
    this.forget(id);
    const opened: Opened = { runId, model: openModel(this.#parts, service, AbortSignal.timeout(OPEN_MS)) };
    this.#opened.set(id, opened);
    opened.model.then(
      (served) => (opened.served = served),
      () => this.#opened.get(id) === opened && this.#opened.delete(id),
    );
    return opened.model;
  }

  /** A model does not answer any more, so that the next request opens it anew; nothing happens when another one has done so. */
  lost(id: string, model: ServedModel): void {
    if (this.#opened.get(id)?.served === model) this.forget(id);
  }

  /** Lets go of the model of a service; the next request opens it anew. */
  forget(id: string): void {
    const opened = this.#opened.get(id);
    this.#opened.delete(id);
    void opened?.model.then(({ runtime }) => runtime.close()).catch(() => undefined);
  }

  stop(): void {
    this.#stopListening();
    for (const id of this.#opened.keys()) this.forget(id);
  }
}

/**
 * Begins to speak to the model of a run.
 *
 * @throws INFERENCE_FAILED, BAD_INPUT when its hutong.json does not fit the model, PATH_MISSING, STORE_UNAVAILABLE
 */
export async function openModel({ servers, files }: OpenerParts, run: ServedRun, signal: AbortSignal): Promise<ServedModel> {
  const runtime = await servers.runtimeOf(run);
  if (!runtime) throw inferenceFailed({ words: 'it is not known where the worker of the service listens' });
  try {
    const [metadata, { document }] = await Promise.all([runtime.metadata(signal).catch(told), files.stage(run.modelFileSetId, signal).then((staged) => readModelFolder(staged, run.modelFile))]);
    return { runtime, card: modelCard(metadata, document) };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
