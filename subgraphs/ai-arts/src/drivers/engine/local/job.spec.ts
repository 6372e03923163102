import path from 'node:path';
import { EngineError, type EngineJobSpec } from '../engine.js';

const ID = /^[0-9A-Za-z][0-9A-Za-z-]{0,35}$/;
const MOST_TASKS = 1_000;

/** Whether it can be the id of a job, and so the name of a folder. */
export const isJobId = (id: string): boolean => ID.test(id);

/** INVALID, naming the field, for a spec that no engine could run. */
export function checkSpec({ argv, environment, folder, workingFolder, readOnly, tasks, cpus, memoryBytes, gpus }: EngineJobSpec): void {
  const refuse = (problem: string) => new EngineError('INVALID', problem);
  if (argv.length === 0 || argv[0] === '') throw refuse('argv: the program is missing');
  const texts = [...argv, ...Object.entries(environment).flat(), folder, workingFolder, ...readOnly];
  if (texts.some((text) => text.includes('\0'))) throw refuse('argv, environment and folders have no NUL character');
  if (Object.keys(environment).some((name) => name === '' || name.includes('='))) throw refuse('environment: a name is empty or has a =');
  if (![folder, workingFolder, ...readOnly].every((place) => path.isAbsolute(place) && path.normalize(place) === place)) throw refuse('folders are absolute and without . and ..');
  if (!`${workingFolder}/`.startsWith(`${folder}/`)) throw refuse('workingFolder does not lie in folder');
  if (!isCount(tasks, 1) || tasks > MOST_TASKS) throw refuse(`tasks: 1 to ${MOST_TASKS}`);
  if (!isCount(cpus, 1)) throw refuse('cpus: at least 1');
  if (!isCount(memoryBytes, 1)) throw refuse('memoryBytes: at least 1');
  if (!isCount(gpus, 0)) throw refuse('gpus: at least 0');
}

const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
