import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Actor } from './actor.js';
import type { Platform } from './platform.js';
import { until } from './processes.js';

/** A training as its owner sees it. */
export interface SeenTraining {
  id: string;
  name: string;
  state: 'UNAPPROVED' | 'QUEUED' | 'SCHEDULING' | 'RUNNING' | 'PAUSING' | 'PAUSED' | 'KILLING' | 'FINISHED' | 'FAILED' | 'ERROR' | 'KILLED';
  stateReason: string | null;
  exitCode: number | null;
}

const TRAINING = 'id name state stateReason exitCode';

/** Settings of a platform that runs small jobs, whether they can be kept apart or not. */
export const JOB_SETTINGS = { ENGINE_LOCAL_UNISOLATED: 'true', JOB_MEMORY_MIB: '256', JOB_STOP_GRACE_SECONDS: '1', JOB_ORPHAN_GRACE_SECONDS: '0' };

/** The same on this host. */
export const LOCAL_ENGINE = { ...JOB_SETTINGS, ENGINE_DRIVER: 'local', ENGINE_LOCAL_CPUS: '8', ENGINE_LOCAL_MEMORY_MIB: '4096' };

/** A program that does not end by itself. */
export const ENDLESS = 'echo begun\nexec sleep 1000\n';

/** Somebody who trains through GraphQL. */
export class Trainer {
  constructor(readonly actor: Actor) {}

  /** Has a program of one file run, where the input says nothing else. */
  async create(text: string, input: Record<string, unknown> = {}): Promise<SeenTraining> {
    const data = await this.actor.ask(`mutation ($input: CreateTrainingInput!) { createTraining(input: $input) { ${TRAINING} } }`, {
      input: { name: 'mnist', engine: 'bash', code: { name: 'train.sh', text }, ...input },
    });
    return data.createTraining as SeenTraining;
  }

  /** One that is RUNNING. */
  async running(text = ENDLESS, input: Record<string, unknown> = {}): Promise<SeenTraining> {
    return this.until((await this.create(text, input)).id, 'RUNNING');
  }

  async look(id: string): Promise<SeenTraining | null> {
    return (await this.actor.ask(`query ($id: ID!) { training(id: $id) { ${TRAINING} } }`, { id })).training as SeenTraining | null;
  }

  async list(): Promise<SeenTraining[]> {
    return (await this.actor.ask(`{ trainings(first: 100) { nodes { ${TRAINING} } } }`)).trainings.nodes as SeenTraining[];
  }

  /** Waits until a training is as said, and answers it. */
  async until(id: string, state: SeenTraining['state']): Promise<SeenTraining> {
    let seen: SeenTraining | null = null;
    await until(`the training to be ${state}`, async () => {
      seen = await this.look(id);
      if (seen && ['FINISHED', 'FAILED', 'ERROR', 'KILLED'].includes(seen.state) && seen.state !== state) throw new Error(`it is ${JSON.stringify(seen)} and not ${state}: ${await this.log(id)}`);
      return seen?.state === state;
    });
    return seen!;
  }

  /** What it has written, up to 1 MiB. */
  async log(id: string): Promise<string> {
    return (await this.actor.ask('query ($id: ID!) { training(id: $id) { log { text } } }', { id })).training.log.text as string;
  }

  async stop(id: string): Promise<void> {
    await this.actor.ask('mutation ($id: ID!) { stopTraining(id: $id) { id } }', { id });
  }

  async delete(id: string): Promise<void> {
    await this.actor.ask('mutation ($id: ID!) { deleteTraining(id: $id) }', { id });
  }
}

/** What an engine holds of a platform's jobs, seen from outside of the platform. */
export interface JobHoldings {
  /** Ids of jobs with a folder. */
  folders: string[];
  /** Ids of jobs that the engine keeps something of. */
  kept: string[];
  /** Ids of jobs with a process. */
  running: string[];
}

/** What the local engine of a platform holds. */
export async function localHoldings({ dataDirectory }: Pick<Platform, 'dataDirectory'>): Promise<JobHoldings> {
  const namesIn = async (folder: string) => (await readdir(join(dataDirectory, 'ai-arts', folder)).catch(() => [])).filter((name) => UUID.test(name)).toSorted();
  const running = new Set((await processesOfJobs(dataDirectory)).map(({ jobId }) => jobId));
  return { folders: await namesIn('jobs'), kept: await namesIn('engine'), running: [...running].toSorted() };
}

/** Ends every process of jobs that a test has left. */
export async function endJobs({ dataDirectory }: Pick<Platform, 'dataDirectory'>): Promise<void> {
  for (const { pid } of await processesOfJobs(dataDirectory)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** The processes of jobs below a data folder: by their command lines, environments and working folders. */
async function processesOfJobs(dataDirectory: string): Promise<{ pid: number; jobId: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const facts = await Promise.all([textOf(`/proc/${pid}/cmdline`), textOf(`/proc/${pid}/environ`), readlink(`/proc/${pid}/cwd`).catch(() => '')]);
      return facts.flatMap((text) => [...text.matchAll(JOB_IN_TEXT)].filter(([path]) => path.startsWith(dataDirectory)).map(([, jobId]) => ({ pid: Number(pid), jobId: jobId! })));
    }),
  );
  return found.flat();
}

const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const UUID = new RegExp(`^${ID}$`);
const JOB_IN_TEXT = new RegExp(`/[^\\s\0=:,"]*/ai-arts/(?:engine|jobs)/(${ID})`, 'g');
