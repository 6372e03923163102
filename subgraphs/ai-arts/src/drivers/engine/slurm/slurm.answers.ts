import { z } from 'zod';

// What slurmrestd answers, in the forms of all versions from v0.0.38 on, as one.

/** `5`, `{"set": true, "infinite": false, "number": 5}`, or null when it is not set. */
const number = z
  .union([z.number(), z.object({ set: z.boolean().optional(), infinite: z.boolean().optional(), number: z.number() })])
  .nullish()
  .transform((value): number | null => {
    if (typeof value === 'number') return value;
    return value?.set === false || value?.infinite ? null : (value?.number ?? null);
  });

/** Seconds since 1970; 0: not yet. */
const time = number.transform((seconds): Date | null => (seconds === null || seconds <= 0 ? null : new Date(seconds * 1_000)));

/** `"RUNNING"`, or `["RUNNING", "COMPLETING"]`. */
const words = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .transform((value): string[] => (value ? [value].flat().map((word) => word.toUpperCase()) : []));

const text = z.string().nullish().transform((value) => (value ? value : null));

/** How a job ended by its batch script: an exit code, or the number of a signal. */
export interface SlurmExit {
  code: number;
  signal: number | null;
}

/** As `wait` tells it in one number, or taken apart. */
const exit = z
  .union([
    number,
    z.object({
      return_code: number,
      signal: z.object({ id: number.optional(), signal_id: number.optional() }).nullish(),
    }),
  ])
  .transform((value): SlurmExit => {
    if (typeof value !== 'object' || value === null) return { code: ((value ?? 0) >> 8) & 0xff, signal: ((value ?? 0) & 0x7f) || null };
    return { code: value.return_code ?? 0, signal: (value.signal?.id ?? value.signal?.signal_id) || null };
  });

/** A job in any form, as it is read here. */
export interface SlurmJob {
  id: string;
  name: string;
  comment: string | null;
  states: string[];
  /** In Slurm's words; null: none. */
  reason: string | null;
  exit: SlurmExit;
  submittedAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** The machine of the batch script. */
  node: string | null;
  /** As it was submitted. */
  standardOutput: string | null;
}

const jobSchema = z
  .object({
    job_id: number,
    name: z.string().nullish(),
    comment: text,
    job_state: words,
    state_reason: text,
    state_description: text,
    exit_code: exit.optional(),
    submit_time: time,
    start_time: time,
    end_time: time,
    batch_host: text,
    standard_output: text,
  })
  .transform((job): SlurmJob => ({
    id: String(job.job_id),
    name: job.name ?? '',
    comment: job.comment,
    states: job.job_state,
    reason: [job.state_reason === 'None' ? null : job.state_reason, job.state_description].filter(Boolean).join(': ') || null,
    exit: job.exit_code ?? { code: 0, signal: null },
    submittedAt: job.submit_time,
    startedAt: job.start_time,
    endedAt: job.end_time,
    node: job.batch_host,
    standardOutput: job.standard_output,
  }));

export const jobsSchema = z.object({ jobs: z.array(jobSchema) });

/** A job as the accounting database tells it. */
export const databaseJobsSchema = z.object({
  jobs: z.array(
    z
      .object({
        job_id: number,
        name: z.string().nullish(),
        comment: z.union([z.string(), z.object({ job: z.string().nullish() })]).nullish(),
        state: z.object({ current: words, reason: text }),
        exit_code: exit.optional(),
        time: z.object({ submission: time, start: time, end: time }),
        nodes: text,
      })
      .transform((job): SlurmJob => ({
        id: String(job.job_id),
        name: job.name ?? '',
        comment: (typeof job.comment === 'object' ? job.comment?.job : job.comment) || null,
        states: job.state.current,
        reason: job.state.reason === 'None' ? null : job.state.reason,
        exit: job.exit_code ?? { code: 0, signal: null },
        submittedAt: job.time.submission,
        startedAt: job.time.start,
        endedAt: job.time.end,
        node: /^[^,[]+$/.test(job.nodes ?? '') ? job.nodes : null,
        standardOutput: null,
      })),
  ),
});

/** Answers a job's number. */
export const submittedSchema = z.object({ job_id: number.pipe(z.number().int().positive()) });

/** A machine of the cluster. Memory in MiB, GPUs as Slurm writes them: `gpu:a100:4(S:0-1),shard:8`. */
export const nodesSchema = z.object({
  nodes: z.array(
    z
      .object({
        name: z.string(),
        address: text,
        state: words,
        state_flags: words,
        partitions: z.array(z.string()).nullish(),
        cpus: number,
        alloc_cpus: number,
        real_memory: number,
        alloc_memory: number,
        gres: text,
        gres_used: text,
      })
      .transform((node) => ({ ...node, states: [...node.state, ...node.state_flags] })),
  ),
});

export const partitionsSchema = z.object({
  partitions: z.array(
    z.object({
      name: z.string(),
      flags: words,
      /** Before v0.0.40 one word, from then on below `partition`. */
      state: words,
      partition: z.object({ state: words }).nullish(),
    }),
  ),
});

export const pingSchema = z.object({
  pings: z.array(z.object({ hostname: z.string().nullish(), ping: z.string().nullish(), pinged: z.string().nullish(), responding: z.boolean().nullish() })),
});

/** What is asked for its effect alone. */
export const anythingSchema = z.unknown();
