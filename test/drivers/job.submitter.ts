import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineDriver, EngineJobReference, EngineJobSpec, EngineJobState, EngineJobView } from '@hutong/ai-arts/drivers/engine';
import { expect } from 'vitest';
import { processesOfJob, TEST_JOB } from '../testkit/job-processes.js';
import { until } from '../testkit/processes.js';

const MIB = 1024 ** 2;
const { signal } = new AbortController();

/** A program that does not end by itself and says that it has begun. */
export const ENDLESS = ['sh', '-c', 'echo begun; exec sleep 1000'];

/** Somebody who submits small jobs to an engine and waits for them. */
export class JobSubmitter {
  readonly submitted = new Map<string, EngineJobReference>();

  constructor(
    public driver: EngineDriver,
    private readonly newFolder: () => Promise<string>,
  ) {}

  async newSpec(argv: readonly string[], over: Partial<EngineJobSpec> = {}): Promise<EngineJobSpec> {
    const id = randomUUID();
    const folder = await this.newFolder();
    const workingFolder = join(folder, 'work');
    await mkdir(workingFolder);
    const environment = { [TEST_JOB]: id, ...over.environment };
    return { id, name: 'mnist 手写数字', argv, folder, workingFolder, readOnly: [], tasks: 1, cpus: 1, memoryBytes: 128 * MIB, gpus: 0, gpuModel: null, timeLimitSeconds: null, network: false, ...over, environment };
  }

  async submit(spec: EngineJobSpec): Promise<EngineJobReference> {
    const job: EngineJobReference = { id: spec.id, engineId: null, folder: spec.folder, tasks: spec.tasks };
    this.submitted.set(spec.id, job);
    job.engineId = (await this.driver.submit(spec, signal)).engineId;
    return job;
  }

  async run(argv: readonly string[], over: Partial<EngineJobSpec> = {}): Promise<EngineJobReference> {
    return this.submit(await this.newSpec(argv, over));
  }

  shell(script: string, over: Partial<EngineJobSpec> = {}): Promise<EngineJobReference> {
    return this.run(['sh', '-c', script], over);
  }

  /** Takes all processors, so that what is submitted next waits. */
  async occupy(): Promise<EngineJobReference> {
    const { total } = await this.driver.status(signal);
    const job = await this.run(ENDLESS, { cpus: total.cpus });
    await this.untilIn(['RUNNING'], job);
    return job;
  }

  async look(job: EngineJobReference): Promise<EngineJobView> {
    return (await this.driver.look([job], signal))[0]!;
  }

  async untilIn(states: EngineJobState[], job: EngineJobReference): Promise<EngineJobView> {
    let view = await this.look(job);
    await until(`${job.id} to be ${states.join(' or ')}`, async () => {
      if (states.includes(view.state)) return true;
      if (view.state === 'ENDED' || view.state === 'GONE') throw new Error(`the job is ${view.state}: ${view.end} ${view.reason}\n${await this.text(job)}`);
      await delay(50);
      view = await this.look(job);
      return states.includes(view.state);
    });
    return view;
  }

  ended(job: EngineJobReference): Promise<EngineJobView> {
    return this.untilIn(['ENDED'], job);
  }

  /** What a task has written. */
  async text(job: EngineJobReference, task = 0): Promise<string> {
    const { bytes } = await this.driver.log(job, { task, from: 0, most: MIB }, signal);
    return Buffer.from(bytes).toString();
  }

  untilSays(job: EngineJobReference, words: string): Promise<void> {
    return until(`${words} in the log`, async () => (await this.text(job)).includes(words));
  }

  /** Ends and forgets all jobs, of which nothing may be left then. */
  async tidyUp(): Promise<void> {
    const jobs = [...this.submitted.values()];
    this.submitted.clear();
    for (const job of jobs) await this.driver.stop(job, 0, signal);
    for (const job of jobs) await this.untilIn(['ENDED', 'GONE'], job);
    for (const job of jobs) {
      await this.driver.forget(job, signal);
      await rm(job.folder, { recursive: true, force: true });
    }
    expect(await processesOfJob(...jobs.map(({ id }) => id))).toEqual([]);
    expect(await this.driver.listOurs(signal)).toEqual([]);
  }
}
