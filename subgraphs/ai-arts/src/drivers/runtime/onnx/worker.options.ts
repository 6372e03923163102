import path from 'node:path';
import { parseArgs } from 'node:util';

/** How a worker serves its model. */
export interface WorkerOptions {
  /** The ONNX file, absolute. */
  model: string;
  /** The model's name in the protocol. */
  name: string;
  /** Where the worker tells on which port it listens, absolute; see worker.address.ts. */
  addressFile: string;
  /** The address to listen on. */
  host: string;
  /** 0: a free one. */
  port: number;
  /** Processors that one run of the model may use. */
  threads: number;
  /** How many rows (first dimension) requests that wait are joined to; 1: none are joined. */
  batch: number;
  /** How many requests may be there, being received, waiting or answered, and how large all of them may be together. */
  queue: number;
  queueBytes: number;
  /** Largest body of a request. */
  bodyBytes: number;
  /** A run of the model that takes longer ends the worker: nothing else can end it. */
  runSeconds: number;
  /** `auto`: native, and WebAssembly where that does not load. */
  library: 'auto' | 'native' | 'wasm';
}

const MIB = 1024 ** 2;

/** What a worker does unless it is told otherwise. */
export const WORKER_DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  threads: 1,
  batch: 16,
  queue: 128,
  queueBytes: 256 * MIB,
  bodyBytes: 64 * MIB,
  runSeconds: 60,
  library: 'auto',
} as const satisfies Partial<WorkerOptions>;

/** What has to be said of a worker; all else has a default. */
export type WorkerRequest = Pick<WorkerOptions, 'model' | 'name' | 'addressFile'> & Partial<WorkerOptions>;

const NUMBERS = { port: [0, 65_535], threads: [1, 1_024], batch: [1, 1_024], queue: [1, 100_000], queueBytes: [1, Number.MAX_SAFE_INTEGER], bodyBytes: [1, Number.MAX_SAFE_INTEGER], runSeconds: [1, 86_400] } as const;
const LIBRARIES = ['auto', 'native', 'wasm'] as const;

/** What the worker program is started with. */
export const argumentsOf = (request: WorkerRequest): string[] => Object.entries({ ...WORKER_DEFAULTS, ...request }).map(([name, value]) => `--${name}=${value}`);

/**
 * Reads the arguments of the worker program.
 *
 * @throws Error that names the argument and what is wrong with it
 */
export function readArguments(argv: readonly string[]): WorkerOptions {
  const names = ['model', 'name', 'addressFile', 'host', 'library', ...Object.keys(NUMBERS)];
  const { values } = parseArgs({ args: [...argv], options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])) });
  const given = { ...WORKER_DEFAULTS, ...values } as Record<string, string | number>;
  for (const name of ['model', 'addressFile']) if (!path.isAbsolute(String(given[name] ?? ''))) throw new Error(`--${name}: expected an absolute path`);
  if (!given.name) throw new Error('--name: expected the name of the model');
  if (!LIBRARIES.includes(given.library as WorkerOptions['library'])) throw new Error(`--library: expected one of ${LIBRARIES.join(', ')}`);
  const numbers = Object.entries(NUMBERS).map(([name, [least, most]]) => {
    const number = Number(given[name]);
    if (!Number.isInteger(number) || number < least || number > most) throw new Error(`--${name}: expected a whole number from ${least} to ${most}`);
    return [name, number];
  });
  return { ...given, ...Object.fromEntries(numbers) } as WorkerOptions;
}
