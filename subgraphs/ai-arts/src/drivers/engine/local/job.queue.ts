import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EngineCapacity, EngineLog } from '../engine.js';
import type { ChangeFeed } from './change.feed.js';
import { needsOf, type HostCapacity } from './host.capacity.js';
import { ENDED, JobFolder, jobIds, KEEPER, removeRemains, SPEC, STOP, type JobRecord } from './job.folder.js';
import type { JobHost } from './job.host.js';
import { endedNow, type EndRecord, type KeeperRecord } from './keeper.plan.js';
import { TakenPlaces } from './taken.places.js';
import { allProcesses, hasVariable, isAlive, send } from './system.process.js';

const KEEPER_PROGRAM = fileURLToPath(new URL('keeper.js', import.meta.url));
const TICK_MS = 1_000;
/** Every so many ticks all folders are looked at, should a change have been missed. */
const LOOK_AT_ALL = 30;
const START_ATTEMPTS = 3;
const START_PAUSE_MS = 2_000;
/** What the kernel does not end in this time waits for a device, and is left to it. */
const KILL_MS = 10_000;
const KILL_AGAIN_MS = 20;
/** A job can wait until there is room on the disk again. */
const FULL = /ENOSPC|EDQUOT/;
const AT_ONCE = 64;

/** Starts jobs in the order in which they were submitted, as soon as the host has room. One process of the host at a time has it. */
export class JobQueue {
  private readonly waiting: JobRecord[] = [];
  private readonly taken: TakenPlaces;
  /** Jobs that have ended, so that they are not looked at again. */
  private readonly over = new Set<string>();
  private readonly failures = new Map<string, number>();
  private turn: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private pausedUntil = 0;
  private closed = false;

  constructor(
    private readonly jobs: string,
    capacity: HostCapacity,
    private readonly host: JobHost,
    private readonly feed: ChangeFeed,
    private readonly log: EngineLog,
  ) {
    this.taken = new TakenPlaces(capacity);
  }

  /** Takes over what is there, and begins to start jobs. */
  async open(): Promise<void> {
    this.feed.listen((id) => void this.hear(id));
    await removeRemains(this.jobs).catch((error: Error) => this.log.warn({ err: error }, 'remains of jobs could not be removed'));
    await this.lookAtAll();
    this.timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  get size(): number {
    return this.waiting.length + this.taken.size;
  }

  /** What running jobs leave of the host. */
  free(): Promise<EngineCapacity> {
    return this.taken.free();
  }

  /** Whether a job has its place and has not shown itself yet. */
  isStarting(id: string): boolean {
    return this.taken.has(id);
  }

  /** Why a job waits. */
  async whyWaiting(id: string): Promise<string> {
    const head = this.waiting[0];
    return head?.spec.id === id ? this.taken.shortage(needsOf(head.spec)) : 'it waits for its turn';
  }

  /** Something has happened to a job. */
  hear(id: string): Promise<void> {
    return this.inTurn(async () => {
      await this.settle(id);
      await this.startWaiting();
    });
  }

  /** Lets go of everything; jobs go on. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.turn;
  }

  private async tick(): Promise<void> {
    this.ticks += 1;
    if (this.ticks % LOOK_AT_ALL === 0) return this.lookAtAll();
    await this.inTurn(async () => {
      for (const id of this.taken.ids()) await this.settle(id);
      await this.startWaiting();
    });
  }

  private lookAtAll(): Promise<void> {
    return this.inTurn(async () => {
      const ids = (await jobIds(this.jobs)).filter((id) => !this.over.has(id));
      for (let from = 0; from < ids.length; from += AT_ONCE) await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => this.settle(id)));
      await this.startWaiting();
    });
  }

  /** Brings what is known of a job in line with its folder. */
  private async settle(id: string): Promise<void> {
    if (this.over.has(id)) return;
    const folder = new JobFolder(this.jobs, id);
    const names = await folder.names();
    if (!names?.has(SPEC)) return this.drop(id);
    if (names.has(ENDED)) {
      this.drop(id);
      this.over.add(id);
    } else if (names.has(KEEPER)) {
      await this.meet(folder);
    } else if (!this.taken.has(id)) {
      const record = await this.enqueue(folder);
      if (record && names.has(STOP)) await this.end(folder, endedNow('STOPPED', 'stopped before it was started'));
    }
  }

  /** A job that was started, by us or before our time. */
  private async meet(folder: JobFolder): Promise<void> {
    const [record, kept] = await Promise.all([folder.spec(), folder.keeper()]);
    if (!record || !kept) return;
    this.removeWaiting(folder.id);
    this.taken.take(folder.id, needsOf(record.spec), kept.gpus);
    if (!isAlive(kept.keeper) && !(await folder.ended())) await this.lose(folder, kept);
  }

  private async lose(folder: JobFolder, { marker, keeper }: KeeperRecord): Promise<void> {
    this.log.warn({ job: folder.id, pid: keeper.pid }, 'the keeper of a job is gone');
    const deadline = performance.now() + KILL_MS;
    for (let left: number[]; (left = processesOf(marker)).length > 0 && performance.now() < deadline; await delay(KILL_AGAIN_MS)) for (const pid of left) send(pid, 'SIGKILL');
    await this.end(folder, endedNow('LOST', 'the process that kept it was ended, by somebody else or with the host'));
  }

  private async end(folder: JobFolder, record: EndRecord): Promise<void> {
    await folder.end(record);
    this.drop(folder.id);
    this.over.add(folder.id);
    await this.feed.touch(folder.id);
  }

  private async enqueue(folder: JobFolder): Promise<JobRecord | null> {
    const known = this.waiting.find(({ spec }) => spec.id === folder.id);
    if (known) return known;
    const record = await folder.spec();
    if (!record) return null;
    const place = this.waiting.findLastIndex(({ order }) => order <= record.order);
    this.waiting.splice(place + 1, 0, record);
    return record;
  }

  private drop(id: string): void {
    this.removeWaiting(id);
    this.taken.release(id);
    this.failures.delete(id);
  }

  private removeWaiting(id: string): void {
    const place = this.waiting.findIndex(({ spec }) => spec.id === id);
    if (place >= 0) this.waiting.splice(place, 1);
  }

  private async startWaiting(): Promise<void> {
    while (!this.closed && this.waiting.length > 0 && performance.now() >= this.pausedUntil) {
      const record = this.waiting[0]!;
      const { id } = record.spec;
      const gpus = await this.taken.room(needsOf(record.spec));
      if (!gpus) return;
      this.waiting.shift();
      this.taken.take(id, needsOf(record.spec), gpus.map((gpu) => gpu.id));
      await this.start(record).catch((error: Error) => this.failed(record, error.message));
    }
  }

  private async start(record: JobRecord): Promise<void> {
    const { spec } = record;
    const folder = new JobFolder(this.jobs, spec.id);
    const gpus = await this.taken.gpusOf(spec.id);
    const temporary = folder.file('tmp');
    await folder.plan({
      ...(await this.host.commands(spec, temporary, gpus)),
      changed: this.feed.file(spec.id),
      workingFolder: spec.workingFolder,
      folders: [spec.folder],
      needed: [spec.folder, spec.workingFolder, ...spec.readOnly],
      temporary,
      memoryBytes: needsOf(spec).memoryBytes,
      timeLimitSeconds: spec.timeLimitSeconds,
      gpus: gpus.map(({ id }) => id),
    });
    await using complaints = await open(folder.file('keeper.log'), 'a', 0o600);
    const child = spawn(process.execPath, [KEEPER_PROGRAM, folder.path], { cwd: '/', env: { NODE_COMPILE_CACHE: path.join(this.jobs, '.compiled') }, detached: true, stdio: ['ignore', 'ignore', complaints.fd] });
    child.unref();
    child.once('error', (error) => void this.inTurn(() => this.failed(record, error.message)));
    child.once('exit', () => void this.exited(record));
  }

  private exited(record: JobRecord): Promise<void> {
    return this.inTurn(async () => {
      const folder = new JobFolder(this.jobs, record.spec.id);
      const names = await folder.names();
      if (names?.has(SPEC) && !names.has(KEEPER)) {
        const words = (await readFile(folder.file('keeper.log'), 'utf8').catch(() => '')).trim();
        await this.failed(record, words.split('\n').findLast((line) => /Error/.test(line)) ?? 'its keeper ended at once');
      } else await this.settle(folder.id);
      await this.startWaiting();
    });
  }

  /** A job whose keeper did not come to life: it is tried again a little later, and then given up. */
  private async failed(record: JobRecord, words: string): Promise<void> {
    const { id } = record.spec;
    const failures = (this.failures.get(id) ?? 0) + (FULL.test(words) ? 0 : 1);
    this.log.warn({ job: id, failures, words }, 'a job could not be started');
    this.taken.release(id);
    const folder = new JobFolder(this.jobs, id);
    if (failures >= START_ATTEMPTS) return this.end(folder, endedNow('LOST', `it could not be started: ${words}`));
    this.failures.set(id, failures);
    this.pausedUntil = performance.now() + START_PAUSE_MS;
    await this.enqueue(folder);
  }

  /** One after the other, so that what is left is counted and taken before the next one counts. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.turn.then(() => (this.closed ? undefined : work())).catch((error: Error) => this.log.warn({ err: error }, 'the queue of jobs on this host failed; it tries again'));
    this.turn = result;
    return result;
  }
}

const processesOf = (marker: string): number[] => allProcesses().map(({ pid }) => pid).filter((pid) => hasVariable(pid, marker));
