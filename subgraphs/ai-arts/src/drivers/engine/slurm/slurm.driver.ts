import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  EngineError,
  type EngineDriver,
  type EngineJobReference,
  type EngineJobSpec,
  type EngineJobView,
  type EngineLog,
  type EngineOptions,
  type EngineReadiness,
  type LogChunk,
  type LogPart,
  type OwnedJob,
} from '../engine.js';
import { ControlFolder, controlFolderOf, type PlacedJob } from './control.folder.js';
import { jobDescription } from './job.description.js';
import { JobPreparation } from './job.preparation.js';
import { NO_RECORDS, readRecords, type JobRecords } from './job.records.js';
import { endedView, goneView, hasEnded, isPending, livingView } from './job.view.js';
import { OurMark } from './our.mark.js';
import type { SlurmJob } from './slurm.answers.js';
import { SlurmCluster } from './slurm.cluster.js';
import { SlurmConnection } from './slurm.connection.js';
import { SlurmJobs } from './slurm.jobs.js';
import type { SlurmSettings } from './slurm.settings.js';

const BATCH_SCRIPT = fileURLToPath(new URL('../../../../slurm/job.sh', import.meta.url));
const NOTHING = { cpus: 0, memoryBytes: 0, gpus: 0 };
/** Slurm itself ends a job that its batch script has not ended so long after its grace. */
const SPARE_MS = 10_000;
/** The end of a log, in which Slurm tells that a job took too much memory. */
const LAST_WORDS = 8_192;
const OUT_OF_MEMORY = /^slurmstepd[^\n]*(?:exceeded (?:job )?memory limit|oom[ _-]?kill|out of memory)/im;

/**
 * Jobs on a Slurm cluster, by its slurmrestd. A job has a folder that the cluster's machines see under the same path;
 * its batch script (slurm/job.sh) writes there which Slurm job runs it, and how it ended: Slurm forgets soon, and where
 * an answer was lost the same job may be submitted twice, of which one runs. Several tasks are one job, for they must
 * start together; Slurm's arrays do not.
 */
export class SlurmDriver implements EngineDriver {
  readonly name = 'slurm';
  private readonly slurm: SlurmConnection;
  private readonly jobs: SlurmJobs;
  private readonly cluster: SlurmCluster;
  private readonly preparation: JobPreparation;
  private readonly mark: OurMark;
  private readonly operatorLog: EngineLog;
  readonly #submitting = new Map<string, Promise<{ engineId: string }>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #script: Promise<string> | undefined;

  constructor(
    private readonly settings: SlurmSettings,
    { installation, log }: EngineOptions,
  ) {
    this.operatorLog = log;
    this.mark = new OurMark(installation);
    this.slurm = new SlurmConnection(settings);
    this.jobs = new SlurmJobs(this.slurm, this.mark);
    this.cluster = new SlurmCluster(this.slurm, settings.partition);
    this.preparation = new JobPreparation(settings);
  }

  async status(signal: AbortSignal): Promise<EngineReadiness> {
    signal.throwIfAborted();
    try {
      const { total, free, isUp } = await this.cluster.capacity(signal);
      return { ready: isUp, message: isUp ? null : 'no machine of the partition takes jobs; see sinfo', isolated: false, total, free };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineError)) throw error;
      return { ready: false, message: error.message, isolated: false, total: NOTHING, free: NOTHING };
    }
  }

  async submit(spec: EngineJobSpec, signal: AbortSignal): Promise<{ engineId: string }> {
    signal.throwIfAborted();
    // Of repetitions at the same time one asks; the others then find what it has written down.
    const others = this.#submitting.get(spec.id);
    const submitting = (others ?? Promise.resolve()).catch(() => undefined).then(() => this.#submit(spec, signal));
    this.#submitting.set(spec.id, submitting);
    try {
      return await submitting;
    } finally {
      if (this.#submitting.get(spec.id) === submitting) this.#submitting.delete(spec.id);
    }
  }

  async #submit(spec: EngineJobSpec, signal: AbortSignal): Promise<{ engineId: string }> {
    signal.throwIfAborted();
    const records = await readRecords(spec);
    const known = records.isBegun ? await this.#submittedAs(spec.id, records, signal) : undefined;
    if (known !== undefined) return this.#remember(spec, known);
    await this.cluster.checkFits(spec, signal);
    const { version } = await this.slurm.api(signal);
    // Written down: from here on it may have been submitted.
    if (!records.isBegun) await this.preparation.prepare(spec);
    this.#script ??= readFile(BATCH_SCRIPT, 'utf8');
    return this.#remember(spec, await this.jobs.submit(spec.id, jobDescription(spec, await this.#script, this.settings, this.mark, version), signal));
  }

  async look(jobs: readonly EngineJobReference[], signal: AbortSignal): Promise<EngineJobView[]> {
    signal.throwIfAborted();
    const all = await Promise.all(jobs.map(async (job) => ({ job, records: await readRecords(job) })));
    const wanted = all.flatMap(({ job, records }) => {
      const engineId = engineIdOf(job, records);
      return engineId === null || records.isForgotten ? [] : [{ id: job.id, engineId }];
    });
    const unnumbered = all.some(({ job, records }) => engineIdOf(job, records) === null && records.isBegun && !records.isForgotten);
    const [found, listed] = await Promise.all([this.jobs.find(wanted, signal), unnumbered ? this.jobs.list(signal) : undefined]);
    return Promise.all(all.map(({ job, records }) => this.#view(job, records, found.get(job.id) ?? listed?.get(job.id)?.[0], signal)));
  }

  /** Slurm must be asked. */
  onChange(): () => void {
    return () => undefined;
  }

  async log(job: EngineJobReference, { task, from, most }: LogPart, signal: AbortSignal): Promise<LogChunk> {
    signal.throwIfAborted();
    const control = task < job.tasks ? await ControlFolder.open(job) : undefined;
    if (!control) throw new EngineError('NOT_FOUND', `there is no log of task ${task} of the job ${job.id}`);
    try {
      return await chunkOf(control, task, from, most);
    } finally {
      await control.close();
    }
  }

  async stop(job: EngineJobReference, graceSeconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const records = await readRecords(job);
    if (records.end || !records.isBegun) return;
    const askedAt = records.stop?.at ?? new Date();
    // For the batch script, also of a job whose submit is still under way.
    if (!records.stop) await this.#write(job, 'stop', `${graceSeconds} ${Math.floor(askedAt.getTime() / 1_000)}\n`);
    const engineId = engineIdOf(job, records) ?? (await this.#submittedAs(job.id, records, signal));
    const found = engineId === undefined ? undefined : await this.jobs.get(job.id, engineId, signal);
    if (!found || hasEnded(found)) return;
    const isOverdue = askedAt.getTime() + (records.stop?.graceSeconds ?? graceSeconds) * 1_000 + SPARE_MS < Date.now();
    if (isPending(found) || isOverdue || !(await this.jobs.terminate(found.id, signal))) return this.jobs.cancel(found.id, signal);
    this.#cancelAfter(found.id, graceSeconds * 1_000 + SPARE_MS);
  }

  async forget(job: EngineJobReference, signal: AbortSignal): Promise<void> {
    const [view] = await this.look([job], signal);
    if (view!.state !== 'ENDED' && view!.state !== 'GONE') throw new EngineError('CONFLICT', `the job ${job.id} has not ended`);
    await this.#write(job, 'forgotten', '');
  }

  async listOurs(signal: AbortSignal): Promise<OwnedJob[]> {
    signal.throwIfAborted();
    const ours = [...(await this.jobs.list(signal))];
    const owned = await Promise.all(
      ours.map(async ([id, jobs]): Promise<OwnedJob[]> => {
        const folder = folderOf(id, jobs[0]!);
        const records = folder === undefined ? NO_RECORDS : await readRecords({ id, folder });
        const job = await this.#dropTwins(jobs, records, signal);
        // Slurm keeps for a while what we have forgotten, and whose folder was then removed.
        if (hasEnded(job) && (records.isForgotten || !records.isBegun)) return [];
        return [{ id, engineId: job.id, hasEnded: hasEnded(job), submittedAt: job.submittedAt }];
      }),
    );
    return owned.flat();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.slurm.close();
  }

  /** The Slurm job of a submit that was begun; undefined when there is none, also where slurmctld lost what it had not saved. */
  async #submittedAs(id: string, records: JobRecords, signal: AbortSignal): Promise<string | undefined> {
    const { claim, end, submittedAs } = records;
    if (claim || end) return claim?.engineId ?? end!.engineId;
    if (submittedAs !== null && ((await this.jobs.get(id, submittedAs, signal)) ?? (await this.jobs.remembered(id, submittedAs, signal)))) return submittedAs;
    const jobs = (await this.jobs.list(signal)).get(id);
    return jobs && (await this.#dropTwins(jobs, records, signal)).id;
  }

  /** Of one job that was submitted twice after all, one runs; the other need not wait for its turn. */
  async #dropTwins(jobs: readonly SlurmJob[], { claim, submittedAs }: JobRecords, signal: AbortSignal): Promise<SlurmJob> {
    const kept = jobs.find((job) => job.id === claim?.engineId) ?? jobs.find((job) => job.id === submittedAs) ?? jobs[0]!;
    for (const twin of jobs.filter((job) => job !== kept && isPending(job))) {
      this.operatorLog.warn({ job: twin.id, kept: kept.id }, 'cancelling a Slurm job that was submitted twice');
      await this.jobs.cancel(twin.id, signal).catch((err: unknown) => this.operatorLog.warn({ job: twin.id, err }, 'it could not be cancelled'));
      signal.throwIfAborted();
    }
    return kept;
  }

  async #view(job: EngineJobReference, before: JobRecords, found: SlurmJob | undefined, signal: AbortSignal): Promise<EngineJobView> {
    if (before.isForgotten) return goneView(job.id, before);
    if (found && !hasEnded(found)) return livingView(job.id, found, found.node === null ? null : await this.cluster.address(found.node, signal));
    // It may have ended since they were read.
    const records = before.end ? before : await readRecords(job);
    const engineId = engineIdOf(job, records);
    const isKnown = found !== undefined || records.end !== null || engineId === null;
    const slurmJob = isKnown ? found : await this.jobs.remembered(job.id, engineId, signal);
    if (!slurmJob && !records.end && !records.claim && !(records.stop && records.isBegun)) return goneView(job.id, records);
    const node = slurmJob?.node ?? records.claim?.node ?? null;
    const wasKilled = records.end?.cause !== 'exited' && records.claim !== null;
    return endedView(job.id, slurmJob, records, node === null ? null : await this.cluster.address(node, signal), wasKilled && (await wasOutOfMemory(job)));
  }

  async #remember(job: PlacedJob, engineId: string): Promise<{ engineId: string }> {
    await this.#write(job, 'submitted', `${engineId}\n`);
    return { engineId };
  }

  async #write(job: PlacedJob, name: string, content: string): Promise<void> {
    const control = await ControlFolder.open(job);
    if (!control) return;
    try {
      await control.write(name, content);
    } finally {
      await control.close();
    }
  }

  #cancelAfter(engineId: string, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.jobs.cancel(engineId, AbortSignal.timeout(this.settings.requestMs)).catch((err: unknown) => this.operatorLog.warn({ job: engineId, err }, 'a Slurm job could not be cancelled'));
    }, milliseconds).unref();
    this.#timers.add(timer);
  }
}

/** Who runs the job is more than what we were told. */
const engineIdOf = (job: EngineJobReference, { claim, submittedAs }: JobRecords): string | null => claim?.engineId ?? submittedAs ?? job.engineId;

/** Where a job was told to write; its folder is two above. */
function folderOf(id: string, { standardOutput }: SlurmJob): string | undefined {
  const [, folder] = /^(.+)\/[^/]+\/log\.0$/.exec((standardOutput ?? '').replaceAll('%%', '%')) ?? [];
  return folder !== undefined && standardOutput?.replaceAll('%%', '%') === `${controlFolderOf({ id, folder })}/log.0` ? folder : undefined;
}

async function chunkOf(control: ControlFolder, task: number, from: number, most: number): Promise<LogChunk> {
  const file = await control.file(`log.${task}`);
  if (!file) return { bytes: new Uint8Array(), sizeBytes: 0 };
  try {
    const { size } = await file.stat();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.max(0, Math.min(most, size - from))), 0, undefined, from);
    return { bytes: buffer.subarray(0, bytesRead), sizeBytes: size };
  } finally {
    await file.close();
  }
}

async function wasOutOfMemory(job: PlacedJob): Promise<boolean> {
  const control = await ControlFolder.open(job);
  if (!control) return false;
  try {
    const { sizeBytes } = await chunkOf(control, 0, 0, 0);
    const { bytes } = await chunkOf(control, 0, Math.max(0, sizeBytes - LAST_WORDS), LAST_WORDS);
    return OUT_OF_MEMORY.test(Buffer.from(bytes).toString());
  } finally {
    await control.close();
  }
}
