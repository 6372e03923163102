import { EngineError, type EngineFault } from '../engine.js';

/** An answer of slurmrestd, read whole. */
export interface Answer {
  status: number;
  body: string;
}

const LONGEST_WORDS = 500;

/** Slurm's numbers of errors (`slurm_errno.h`) that mean something to us. */
export const SLURM = {
  INVALID_JOB_ID: 2017,
  TRANSITION_STATE_NO_UPDATE: 2020,
  ALREADY_DONE: 2021,
  JOB_PENDING: 2024,
  JOB_FINISHED: 2084,
  REST_EMPTY_RESULT: 9003,
} as const;

const FAULTS: Partial<Record<number, EngineFault>> = Object.fromEntries(
  (
    [
      ['NOT_FOUND', [SLURM.INVALID_JOB_ID]],
      // Nodes, processors, memory, tasks, times and devices that there are not.
      ['INVALID', [2004, 2005, 2006, 2012, 2014, 2015, 2018, 2025, 2029, 2044, 2051, 2069, 2072, 2111, 2115, 2119, 2122, 2132, 2134]],
      // EAGAIN: as many jobs as slurmctld keeps.
      ['QUOTA', [11, 2050, 2074, 2076]],
      ['CONFLICT', [SLURM.TRANSITION_STATE_NO_UPDATE, SLURM.ALREADY_DONE, SLURM.JOB_PENDING, SLURM.JOB_FINISHED]],
      ['UNAUTHORIZED', [1007, 2002, 2010, 6000, 6004, 6006]],
      // Partition, account, QOS.
      ['MISCONFIGURED', [2000, 2001, 2003, 2045, 2066, 2070, 2101, 2130]],
      ['UNREACHABLE', [1000, 1001, 1002, 1003, 1004, 1800, 1801, 1802, 1803, 2027, 2131, 5000, 5001, 5002, 5003, 5004, 5005]],
    ] satisfies [EngineFault, number[]][]
  ).flatMap(([fault, numbers]) => numbers.map((number) => [number, fault])),
);

/** A refusal with Slurm's own number. */
export class SlurmError extends EngineError {
  constructor(
    fault: EngineFault,
    message: string,
    /** Of `slurm_errno.h`; undefined when the answer has none. */
    readonly number: number | undefined,
    options?: ErrorOptions,
  ) {
    super(fault, message, options);
  }
}

/** What an answer that is a refusal means. Old versions answer 500 to everything, so that Slurm's number tells. */
export function refusalOf({ status, body }: Answer, asked: string): SlurmError {
  const { words, number } = wordsOf(body);
  if (status === 401 || status === 403) return new SlurmError('UNAUTHORIZED', `${asked}: slurmrestd refuses us: ${words || `HTTP ${status}`}; see ENGINE_SLURM_USER and ENGINE_SLURM_TOKEN_FILE`, number);
  // slurmrestd takes any token, and slurmctld hangs up on a wrong one.
  if (number === -1 || number === 5005) return new SlurmError('UNREACHABLE', `${asked}: slurmctld does not answer slurmrestd, or refuses the token of ENGINE_SLURM_USER (${words})`, number);
  const known = number === undefined ? undefined : FAULTS[number];
  const fault = known ?? (status === 429 || status === 502 || status === 503 || status === 504 ? 'UNREACHABLE' : 'FAILED');
  return new SlurmError(fault, `${asked}: ${words || `slurmrestd answers with HTTP ${status}`}`, number);
}

/** A request that has no whole answer. */
export function unanswered(error: unknown, asked: string): SlurmError {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return new SlurmError('UNREACHABLE', `${asked}: slurmrestd gives no answer (${code ?? (name === 'TimeoutError' ? 'it took too long' : message)})`, undefined, { cause: error });
}

interface Told {
  error?: string;
  description?: string;
  error_number?: number;
  error_code?: number;
  errno?: number;
}

/** Slurm's own words: `{"errors": [{"error": …, "error_number": …}]}`, with the number's name by version and path, or plain text. */
function wordsOf(body: string): { words: string; number: number | undefined } {
  try {
    const [first] = (JSON.parse(body) as { errors: Told[] }).errors;
    const words = [first?.error, first?.description].filter(Boolean).join(': ');
    return { words: shortened(words), number: first?.error_number ?? first?.error_code ?? first?.errno };
  } catch {
    return { words: shortened(body.replaceAll(/<head>.*<\/head>|<[^>]*>/gs, ' ')), number: undefined };
  }
}

const shortened = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS);
