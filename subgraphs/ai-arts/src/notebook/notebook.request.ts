import { requestHash } from '@hutong/common';
import type { AiArtsSettings } from '../environment.js';
import type { JobEnvironments } from '../job/job.environments.js';
import { LARGEST_MEMORY, LONGEST_DESCRIPTION, LONGEST_NAME, MOST_DEVICES, readDevice, readInteger, requireText } from '../job/job.request.js';
import type { Notebook } from './notebook.entity.js';
import type { CreateNotebookInput } from './notebook.types.js';

/** A notebook as it was asked for, checked as far as that goes without its files and the engine. */
export interface NotebookRequest extends Pick<Notebook, 'name' | 'engine' | 'deviceType' | 'deviceNum' | 'memoryBytes' | 'description' | 'codePath' | 'clientToken'> {
  /** What tells it from another notebook under the same client token. */
  hash: string;
}

/** A server with one kernel that does nothing takes about 150 MiB. */
const SMALLEST_MEMORY = 256 * 2 ** 20;

/** @throws BAD_INPUT with the field */
export function readNotebook(input: CreateNotebookInput, environments: JobEnvironments, limits: Pick<AiArtsSettings, 'jobMemoryBytes'>): NotebookRequest {
  requireText('input.name', input.name, LONGEST_NAME);
  environments.require(input.engine, 'input.engine');
  if (input.clientToken != null) requireText('input.clientToken', input.clientToken, LONGEST_NAME);
  if (input.description != null) requireDescription('input.description', input.description);
  const { clientToken, ...asked } = input;
  return {
    name: input.name,
    engine: input.engine,
    codePath: input.codePath || null,
    deviceType: readDevice(input.deviceType),
    deviceNum: readInteger('input.deviceNum', input.deviceNum, 1, MOST_DEVICES, 1),
    memoryBytes: readInteger('input.memoryBytes', input.memoryBytes, SMALLEST_MEMORY, LARGEST_MEMORY, limits.jobMemoryBytes),
    description: input.description || null,
    clientToken: clientToken ?? null,
    hash: requestHash(asked),
  };
}

/** @throws BAD_INPUT */
export const requireDescription = (field: string, text: string): void => requireText(field, text, LONGEST_DESCRIPTION, true);
