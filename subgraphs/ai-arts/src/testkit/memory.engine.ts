import { EngineError, type EngineDriver, type EngineEnd, type EngineJobReference, type EngineJobSpec, type EngineJobView, type LogChunk, type LogPart, type OwnedJob } from '../drivers/engine/engine.js';

interface Run {
  spec: EngineJobSpec;
  view: EngineJobView;
  log: Buffer;
}

/** How a scripted job ends. */
export interface ScriptedEnd {
  end?: EngineEnd;
  exitCode?: number | null;
  reason?: string | null;
}

/**
 * An engine in memory that outlives what asks it, runs jobs as it is told to, and fails as it is told to: for tests of the
 * subgraph alone.
 */
export class MemoryEngine implements EngineDriver {
  readonly name = 'local';
  readonly runs = new Map<string, Run>();
  /** The ids of every submit, repetitions included. */
  readonly submits: string[] = [];
  readiness = { ready: true, message: null as string | null, isolated: true, total: { cpus: 64, memoryBytes: 2 ** 40, gpus: 8 }, free: { cpus: 64, memoryBytes: 2 ** 40, gpus: 8 } };
  /** Whether jobs start as soon as they are submitted. */
  startsAtOnce = true;
  /** Whether a stop ends a job at once; else its processes do not heed it. */
  heedsStop = true;
  /** Whether it speaks by itself, or must be asked. */
  speaks = true;
  /** Called first by every call under its name; what it throws is the engine's failure. */
  before: (step: 'submit' | 'look' | 'log' | 'stop' | 'forget' | 'listOurs', id: string) => Promise<void> | void = () => undefined;
  /** Called when a submit has been carried out: what it throws takes the place of the answer. */
  afterSubmit: (id: string) => Promise<void> | void = () => undefined;
  readonly #neverBegun = new Set<string>();
  readonly #listeners = new Set<(id: string) => void>();

  async status() {
    return this.readiness;
  }

  async submit(spec: EngineJobSpec, signal: AbortSignal): Promise<{ engineId: string }> {
    this.submits.push(spec.id);
    await this.before('submit', spec.id);
    signal.throwIfAborted();
    if (!this.runs.has(spec.id)) {
      const view: EngineJobView = { id: spec.id, state: 'QUEUED', engineId: `engine-${spec.id}`, neverBegun: false, reason: 'waits for processors', end: null, exitCode: null, signal: null, startedAt: null, endedAt: null, host: null };
      this.runs.set(spec.id, { spec, view, log: Buffer.alloc(0) });
      if (this.startsAtOnce) this.start(spec.id);
    }
    await this.afterSubmit(spec.id);
    return { engineId: `engine-${spec.id}` };
  }

  async look(jobs: readonly EngineJobReference[]): Promise<EngineJobView[]> {
    await this.before('look', jobs[0]?.id ?? '');
    return jobs.map(({ id }) => ({ ...(this.runs.get(id)?.view ?? { id, state: 'GONE', engineId: null, neverBegun: this.#neverBegun.has(id), reason: null, end: null, exitCode: null, signal: null, startedAt: null, endedAt: null, host: null }) }));
  }

  onChange(heard: (id: string) => void): () => void {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  async log({ id }: EngineJobReference, { from, most }: LogPart): Promise<LogChunk> {
    await this.before('log', id);
    const run = this.runs.get(id);
    if (!run) throw new EngineError('NOT_FOUND', 'there is no such job');
    return { bytes: run.log.subarray(from, from + most), sizeBytes: run.log.length };
  }

  async stop({ id }: EngineJobReference): Promise<void> {
    await this.before('stop', id);
    const run = this.runs.get(id);
    if (run && run.view.state !== 'ENDED' && this.heedsStop) this.end(id, { end: 'STOPPED', exitCode: null });
  }

  async forget({ id }: EngineJobReference): Promise<void> {
    await this.before('forget', id);
    if (this.runs.get(id)?.view.state === 'RUNNING') throw new EngineError('CONFLICT', 'the job has not ended');
    this.runs.delete(id);
  }

  async listOurs(): Promise<OwnedJob[]> {
    await this.before('listOurs', '');
    return [...this.runs.values()].map(({ view }) => ({ id: view.id, engineId: view.engineId!, hasEnded: view.state === 'ENDED', submittedAt: null }));
  }

  async close(): Promise<void> {}

  /** A job begins to run. */
  start(id: string): void {
    this.#change(id, { state: 'RUNNING', reason: null, startedAt: new Date(), host: 'localhost' });
  }

  /** A job that runs writes. */
  write(id: string, text: string | Uint8Array): void {
    const run = this.runs.get(id)!;
    run.log = Buffer.concat([run.log, typeof text === 'string' ? Buffer.from(text) : text]);
  }

  /** A job is over; by itself and with exit code 0 when nothing else is said. */
  end(id: string, { end = 'EXITED', exitCode = 0, reason = null }: ScriptedEnd = {}): void {
    this.#change(id, { state: 'ENDED', end, exitCode, reason, endedAt: new Date(), host: null });
  }

  /**
   * The engine has never heard of a job any more.
   *
   * @param neverBegun whether it is certain that the job has not run
   */
  lose(id: string, neverBegun = false): void {
    this.runs.delete(id);
    if (neverBegun) this.#neverBegun.add(id);
    this.#tell(id);
  }

  #change(id: string, change: Partial<EngineJobView>): void {
    const run = this.runs.get(id)!;
    run.view = { ...run.view, ...change };
    this.#tell(id);
  }

  #tell(id: string): void {
    if (this.speaks) for (const heard of this.#listeners) setImmediate(heard, id);
  }
}
