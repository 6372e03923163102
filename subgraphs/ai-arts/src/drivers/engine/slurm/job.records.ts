import { ControlFolder, type PlacedJob } from './control.folder.js';

/** How the batch script saw its job end. */
export type EndCause = 'exited' | 'stopped' | 'timeout' | 'terminated';

/** What the files beside a job tell of it, though Slurm may have forgotten it. */
export interface JobRecords {
  /** The Slurm job that we were told of when it was submitted. */
  submittedAs: string | null;
  /** Whether a submit was begun. */
  isBegun: boolean;
  /** The Slurm job that runs it, or has. */
  claim: { engineId: string; at: Date | null; node: string | null } | null;
  end: { engineId: string; at: Date | null; cause: EndCause; code: number } | null;
  /** When it was asked to end, and how long it has for it. */
  stop: { graceSeconds: number; at: Date | null } | null;
  isForgotten: boolean;
}

/** Of a job that there is nothing of. */
export const NO_RECORDS: JobRecords = { submittedAs: null, isBegun: false, claim: null, end: null, stop: null, isForgotten: false };

/** Reads them; nothing at all when the job's folder is gone. */
export async function readRecords(job: PlacedJob): Promise<JobRecords> {
  const control = await ControlFolder.open(job);
  if (!control) return NO_RECORDS;
  try {
    const [command, submitted, claim, end, stop, forgotten] = await Promise.all(['command', 'submitted', 'claim', 'end', 'stop', 'forgotten'].map((name) => control.words(name)));
    return {
      submittedAs: engineId(submitted?.[0]),
      isBegun: command !== undefined,
      claim: withEngineId(claim, (id) => ({ engineId: id, at: time(claim?.[1]), node: claim?.[2] ?? null })),
      end: withEngineId(end, (id) => ({ engineId: id, at: time(end?.[1]), cause: end?.[2] as EndCause, code: Number(end?.[3]) || 0 })),
      stop: stop ? { graceSeconds: Number(stop[0]) || 0, at: time(stop[1]) } : null,
      isForgotten: forgotten !== undefined,
    };
  } finally {
    await control.close();
  }
}

const engineId = (word: string | undefined): string | null => (word !== undefined && /^\d+$/.test(word) ? word : null);

function withEngineId<Record>(words: string[] | undefined, record: (id: string) => Record): Record | null {
  const id = engineId(words?.[0]);
  return id === null ? null : record(id);
}

const time = (word: string | undefined): Date | null => (Number(word) > 0 ? new Date(Number(word) * 1_000) : null);
