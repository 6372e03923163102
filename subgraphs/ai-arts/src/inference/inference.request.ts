import { badInput, limitExceeded, requestHash } from '@hutong/common';
import type { AiArtsSettings } from '../environment.js';
import { LARGEST_MEMORY, LONGEST_DESCRIPTION, LONGEST_NAME, MOST_DEVICES, readDevice, readInteger, requireText } from '../job/job.request.js';
import type { InferenceService } from './inference.entity.js';
import type { CreateInferenceServiceInput, RecognizeImageInput } from './inference.types.js';

/** A service as it was asked for, checked as far as that goes without its model and the engine. */
export interface ServiceRequest extends Pick<InferenceService, 'name' | 'deviceType' | 'deviceNum' | 'memoryBytes' | 'description' | 'clientToken'> {
  waitMs: number;
  /** What tells it from another service under the same client token. */
  hash: string;
}

/** How a picture is to be recognised. */
export interface RecognitionRequest {
  /** Null: as the task has it. */
  top: number | null;
  minScore: number | null;
  isDrawn: boolean;
  /** Null: as the state of the service has it. */
  waitMs: number | null;
}

/** Node and onnxruntime take about 100 MiB. */
const SMALLEST_MEMORY = 256 * 2 ** 20;
const LONGEST_WAIT_S = 600;
const MOST_RESULTS = 1_000;

/** @throws BAD_INPUT, LIMIT_EXCEEDED with the field */
export function readService(input: CreateInferenceServiceInput, limits: Pick<AiArtsSettings, 'jobMemoryBytes'>): ServiceRequest {
  requireText('input.name', input.name, LONGEST_NAME);
  if (input.clientToken != null) requireText('input.clientToken', input.clientToken, LONGEST_NAME);
  if (input.description != null) requireText('input.description', input.description, LONGEST_DESCRIPTION, true);
  const deviceType = readDevice(input.deviceType).toLowerCase();
  if (deviceType !== 'cpu') throw badInput({ field: 'input.deviceType', problem: 'expected cpu: services compute on processors' });
  const { clientToken, waitSeconds, ...asked } = input;
  return {
    name: input.name,
    deviceType,
    deviceNum: readInteger('input.deviceNum', input.deviceNum, 1, MOST_DEVICES, 1),
    memoryBytes: readInteger('input.memoryBytes', input.memoryBytes, SMALLEST_MEMORY, LARGEST_MEMORY, limits.jobMemoryBytes),
    description: input.description || null,
    clientToken: clientToken ?? null,
    waitMs: readWait(waitSeconds) ?? 0,
    hash: requestHash(asked),
  };
}

/** @throws BAD_INPUT, LIMIT_EXCEEDED with the field */
export function readRecognition({ image, imageId, top, minScore, picture, waitSeconds }: RecognizeImageInput): RecognitionRequest {
  if (image != null && imageId != null) throw badInput({ field: 'input.imageId', problem: 'give either the picture or the id of one' });
  if (minScore != null && !(minScore >= 0 && minScore <= 1)) throw badInput({ field: 'input.minScore', problem: `expected a number from 0 to 1, got ${minScore}` });
  return {
    top: top == null ? null : readInteger('input.top', top, 1, MOST_RESULTS, 1),
    minScore: minScore ?? null,
    isDrawn: picture ?? false,
    waitMs: readWait(waitSeconds),
  };
}

function readWait(seconds: number | null | undefined): number | null {
  const field = 'input.waitSeconds';
  if (seconds == null) return null;
  if (seconds < 0) throw badInput({ field, problem: `expected an integer from 0 to ${LONGEST_WAIT_S}, got ${seconds}` });
  if (seconds > LONGEST_WAIT_S) throw limitExceeded({ field, limit: 'wait', allowed: `${LONGEST_WAIT_S} seconds`, got: String(seconds) });
  return seconds * 1_000;
}
