import { constants } from 'node:os';
import type { EngineEnd, EngineJobState, EngineJobView } from '../engine.js';
import type { JobRecords } from './job.records.js';
import type { SlurmJob } from './slurm.answers.js';

/** Of the names of one signal the first: SIGABRT, not SIGIOT. */
const SIGNAL_NAMES = Object.fromEntries(Object.entries(constants.signals).toReversed().map(([name, number]) => [number, name]));
/** A shell tells a signal's number as an exit code above this. */
const SIGNALLED_ABOVE = 128;
const OVER = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'DEADLINE', 'OUT_OF_MEMORY', 'NODE_FAIL', 'BOOT_FAIL', 'PREEMPTED', 'REVOKED', 'LAUNCH_FAILED', 'RECONFIG_FAIL']);

/** Slurm's commonest reasons for waiting, in words; the others as they are. */
const WAITS: Partial<Record<string, string>> = {
  Priority: 'others are before it',
  Resources: 'it waits until what it needs is free',
  PartitionDown: 'its partition is down',
  PartitionInactive: 'its partition is inactive',
  ReqNodeNotAvail: 'the machines that it needs are not available',
  JobHeldUser: 'it is held',
  JobHeldAdmin: 'an administrator holds it',
  BadConstraints: 'no machine can ever be what it asks for',
  PartitionConfig: 'no machine of the partition is as large as it asks for',
  AssocGrpCpuLimit: 'the account uses all processors that it may',
  AssocMaxJobsLimit: 'the account has as many jobs as it may',
  QOSMaxJobsPerUserLimit: 'as many jobs as the QOS allows run already',
};

/** Whether a job in these states has ended; one that is COMPLETING still has processes. */
export function hasEnded({ states }: SlurmJob): boolean {
  return !states.includes('COMPLETING') && states.some((state) => OVER.has(state));
}

export function isPending({ states }: SlurmJob): boolean {
  return states.includes('PENDING') || states.includes('REQUEUED');
}

/** A job that Slurm knows and that has not ended. */
export function livingView(id: string, job: SlurmJob, host: string | null): EngineJobView {
  const state = livingState(job);
  const words = job.reason === null ? 'Slurm has not said why yet' : WAITS[job.reason];
  return {
    id,
    state,
    engineId: job.id,
    neverBegun: false,
    reason: state === 'QUEUED' ? [words, words && job.reason ? `(${job.reason})` : job.reason].filter(Boolean).join(' ') : told(job),
    end: null,
    exitCode: null,
    signal: null,
    startedAt: state === 'RUNNING' ? job.startedAt : null,
    endedAt: null,
    host: state === 'RUNNING' ? host : null,
  };
}

function livingState(job: SlurmJob): EngineJobState {
  if (isPending(job)) return 'QUEUED';
  return job.states.includes('CONFIGURING') ? 'SCHEDULING' : 'RUNNING';
}

function told({ states }: SlurmJob): string | null {
  if (states.includes('SUSPENDED') || states.includes('STOPPED')) return 'Slurm has suspended it';
  if (states.includes('COMPLETING')) return 'Slurm is ending it';
  return null;
}

/** How a job ended: its exit, and why. */
interface Ending {
  end: EngineEnd;
  exitCode: number | null;
  signal: string | null;
  reason: string | null;
}

/**
 * A job that has ended, by what Slurm says, by what its batch script wrote down, or both.
 *
 * @param wasOutOfMemory whether Slurm says so in its log: some clusters only kill
 */
export function endedView(id: string, job: SlurmJob | undefined, { claim, end, stop, submittedAs }: JobRecords, host: string | null, wasOutOfMemory: boolean): EngineJobView {
  const ending = endingOf(job, { claim, end, stop }, wasOutOfMemory);
  return {
    id,
    state: 'ENDED',
    engineId: job?.id ?? claim?.engineId ?? submittedAs,
    neverBegun: false,
    ...ending,
    startedAt: job?.startedAt ?? claim?.at ?? null,
    endedAt: job?.endedAt ?? end?.at ?? null,
    host,
  };
}

function endingOf(job: SlurmJob | undefined, { claim, end, stop }: Pick<JobRecords, 'claim' | 'end' | 'stop'>, wasOutOfMemory: boolean): Ending {
  const states = job?.states ?? [];
  const bare = { exitCode: null, signal: null };
  if (states.includes('OUT_OF_MEMORY') || (wasOutOfMemory && end?.cause !== 'exited')) return { ...bare, end: 'MEMORY', reason: 'it used more memory than it asked for' };
  if (end?.cause === 'stopped') return { ...bare, end: 'STOPPED', reason: null };
  if (end?.cause === 'timeout' || states.includes('TIMEOUT') || states.includes('DEADLINE')) return { ...bare, end: 'TIME_LIMIT', reason: 'it ran for as long as it may' };
  const lost = states.find((state) => ['NODE_FAIL', 'BOOT_FAIL', 'PREEMPTED', 'REVOKED', 'LAUNCH_FAILED', 'RECONFIG_FAIL'].includes(state));
  if (lost) return { ...bare, end: 'LOST', reason: `Slurm calls it ${[lost, job?.reason].filter(Boolean).join(': ')}` };
  if (end?.cause === 'exited') return exited(end.code);
  if (stop) return { ...bare, end: 'STOPPED', reason: null };
  if (states.includes('CANCELLED') || end?.cause === 'terminated') return { ...bare, end: 'STOPPED', reason: 'somebody cancelled it in Slurm' };
  if (!job) return { ...bare, end: 'LOST', reason: `Slurm has forgotten job ${claim?.engineId ?? ''}, which left no word of its end` };
  if (!claim) return { ...bare, end: 'LOST', reason: `Slurm could not start it: ${job.reason ?? states.join(' ')}` };
  return job.exit.signal === null ? exited(job.exit.code) : signalled(job.exit.signal);
}

function exited(code: number): Ending {
  return code > SIGNALLED_ABOVE && SIGNAL_NAMES[code - SIGNALLED_ABOVE] ? signalled(code - SIGNALLED_ABOVE) : { end: 'EXITED', exitCode: code, signal: null, reason: null };
}

function signalled(number: number): Ending {
  const signal = SIGNAL_NAMES[number] ?? `signal ${number}`;
  return { end: 'SIGNALLED', exitCode: null, signal, reason: `${signal} ended it` };
}

/**
 * One of which Slurm does not know, nor its files how it ended. Where its submit was begun and its batch script has not written
 * down that it runs, as slurmctld forgets what it had not saved when it died, it was never begun; should a Slurm job of it turn
 * up after all, the first batch script keeps any other from running.
 */
export function goneView(id: string, { isBegun, isForgotten }: JobRecords): EngineJobView {
  return { id, state: 'GONE', engineId: null, neverBegun: isBegun && !isForgotten, reason: 'Slurm knows no such job', end: null, exitCode: null, signal: null, startedAt: null, endedAt: null, host: null };
}
